/**
 * What is used of the library: reading what authenticators write, and verifying their signatures. Named here, so that the bundle
 * leaves out the rest.
 */
export {
  convertAAGUIDToString,
  decodeAttestationObject,
  decodeCredentialPublicKey,
  parseAuthenticatorData,
  verifySignature,
} from '@simplewebauthn/server/helpers'
