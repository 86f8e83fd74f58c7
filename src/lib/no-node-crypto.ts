/** Replaces node:crypto, which bcryptjs imports for platforms without WebCrypto. See wrangler.toml. */
export default undefined
