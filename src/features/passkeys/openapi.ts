import * as v from 'valibot'
import { type Chapter, done, type Held, type Pages, seconds, text, tokens, tokensExample } from '../../openapi.ts'

const id = 'wE2c0nq7b0R2mXw4tYv8uJ3A1sL6dH0j'
const data = 'AAECAwQFBgcICQoLDA0ODw'
const ticket = 'lkt_example'

const credentials = v.array(v.strictObject({ id: text, type: v.literal('public-key'), transports: v.array(text) }))

const requestOptions = v.strictObject({
  challenge: text,
  timeout: v.pipe(v.number(), v.integer(), v.description('Milliseconds.')),
  rpId: text,
  userVerification: v.literal('preferred'),
})
const requestExample = { challenge: data, timeout: 600_000, rpId: 'login.example.com', userVerification: 'preferred' }

const creationOptions = v.strictObject({
  rp: v.strictObject({ id: text, name: text }),
  user: v.strictObject({ id: text, name: text, displayName: text }),
  challenge: text,
  pubKeyCredParams: v.array(v.strictObject({ alg: v.number(), type: v.literal('public-key') })),
  timeout: v.pipe(v.number(), v.integer(), v.description('Milliseconds.')),
  attestation: v.literal('none'),
  excludeCredentials: credentials,
  authenticatorSelection: v.strictObject({
    residentKey: v.literal('required'),
    requireResidentKey: v.literal(true),
    userVerification: v.picklist(['preferred', 'required']),
  }),
})
const creationExample = {
  rp: { id: 'login.example.com', name: 'Latchkey' },
  user: { id: data, name: 'ann@example.com', displayName: 'ann@example.com' },
  challenge: data,
  pubKeyCredParams: [{ alg: -7, type: 'public-key' }],
  timeout: 600_000,
  attestation: 'none',
  excludeCredentials: [],
  authenticatorSelection: { residentKey: 'required', requireResidentKey: true, userVerification: 'preferred' },
}

const assertion = {
  id,
  rawId: id,
  type: 'public-key',
  response: { clientDataJSON: data, authenticatorData: data, signature: data, userHandle: data },
}
const attestation = {
  id,
  rawId: id,
  type: 'public-key',
  response: { clientDataJSON: data, attestationObject: data, transports: ['internal'] },
}

const passkey = v.strictObject({
  id: v.pipe(text, v.description('The credential id.')),
  type: v.literal('passkey'),
  name: text,
  created_at: seconds,
  last_used_at: v.nullable(seconds),
})
const example = { id, type: 'passkey', name: 'Apple Passwords', created_at: 1_795_000_000, last_used_at: null }

const signedIn = v.strictObject({ ...tokens, device_token: v.optional(text) })
const expires_in = v.pipe(seconds, v.description('Seconds until the challenge expires.'))
const params: Record<string, [string, string]> = { id: ['The `id` of a passkey.', id] }

export const chapter: Chapter = {
  title: { en: 'Passkeys', ko: '패스키' },
  operations: {
    'POST /user/login/passkey/options': {
      summary: { en: 'Begin a sign-in with a passkey', ko: '패스키 로그인 시작' },
      description: {
        en:
          'The same for everybody: it names no account and no passkey. Give `publicKey` to `navigator.credentials.get`. With ' +
          'the `ticket` of a first step, the passkey becomes its second factor.',
        ko:
          '누구에게나 똑같이 응답하며, 계정이나 패스키를 밝히지 않습니다. `publicKey`를 `navigator.credentials.get`에 넘기세요. ' +
          '첫 단계에서 받은 `ticket`을 함께 보내면 패스키로 2단계 인증을 합니다.',
      },
      body: { ticket },
      answers: {
        200: {
          description: 'The options, as `PublicKeyCredentialRequestOptionsJSON`.',
          schema: v.strictObject({ ticket: text, publicKey: requestOptions, expires_in }),
          example: { ticket, publicKey: requestExample, expires_in: 600 },
        },
      },
      problems: ['invalid_ticket', 'not_ready'],
    },
    'POST /user/login/passkey': {
      summary: { en: 'Sign in with a passkey', ko: '패스키로 로그인' },
      description: {
        en:
          '`credential` is an `AuthenticationResponseJSON`. A passkey whose device verified its user is two factors in one; ' +
          'without that, the answer asks for another one. Whatever is wrong, the answer is the same, and the challenge is used ' +
          'up. If the passkey is not known here, the refusal contains `unknown_credential: true`: pass its id to ' +
          '`PublicKeyCredential.signalUnknownCredential`.',
        ko:
          '`credential`은 `AuthenticationResponseJSON`입니다. 기기가 사용자를 확인한 패스키는 그 자체로 2단계 인증이며, 확인하지 ' +
          '않았다면 다른 인증 수단을 요구합니다. 무엇이 잘못되었든 응답은 같고, 챌린지는 다시 쓸 수 없습니다. 여기에 등록되지 않은 ' +
          '패스키라면 응답에 `unknown_credential: true`가 들어 있습니다. 그 ID를 `PublicKeyCredential.signalUnknownCredential`에 넘기세요.',
      },
      body: { ticket, credential: assertion },
      answers: { 200: { description: 'Signed in.', schema: signedIn, example: tokensExample } },
      problems: [
        'invalid_credentials',
        'invalid_ticket',
        'account_disabled',
        'email_not_verified',
        'second_factor_required',
        'second_factor_enrolment_required',
        'too_many_attempts',
        'not_ready',
      ],
    },
    'POST /user/login/passkey/enrol': {
      summary: { en: 'Begin to add a passkey in a sign-in that requires one', ko: '로그인 중 패스키 등록 시작' },
      description: {
        en: 'With the `ticket` of `second_factor_enrolment_required`, after a mailed code.',
        ko: '이메일 인증 코드를 확인한 뒤 `second_factor_enrolment_required`의 `ticket`으로 요청합니다.',
      },
      body: { ticket },
      answers: {
        200: {
          description: 'The options, as `PublicKeyCredentialCreationOptionsJSON`.',
          schema: v.strictObject({ ticket: text, publicKey: creationOptions, expires_in }),
          example: { ticket, publicKey: creationExample, expires_in: 600 },
        },
      },
      problems: ['invalid_ticket', 'not_ready'],
    },
    'POST /user/login/passkey/enrol/confirm': {
      summary: { en: 'Add the passkey and sign in', ko: '패스키를 등록하고 로그인' },
      description: {
        en:
          'The account asks for a second factor from now on. The recovery codes are shown once. Without a password in the ' +
          'sign-in, the device must have verified its user: otherwise the refusal is `invalid_body` with `not_verified` for ' +
          '`credential`, and nothing is used up.',
        ko:
          '이제부터 이 계정은 2단계 인증을 요구합니다. 복구 코드는 한 번만 보여 줍니다. 비밀번호 없이 로그인하는 중이라면 기기가 사용자를 ' +
          '확인한 패스키여야 합니다. 아니면 `credential`에 `not_verified`를 담은 `invalid_body`로 거부하며, 티켓은 그대로 쓸 수 있습니다.',
      },
      body: { ticket, credential: attestation, name: 'Laptop' },
      answers: {
        200: {
          description: 'The passkey is added, and the user is signed in.',
          schema: v.strictObject({ ...signedIn.entries, recovery_codes: v.array(text) }),
          example: { ...tokensExample, recovery_codes: ['0123-4567-89AB-CDEF'] },
        },
      },
      problems: ['invalid_ticket', 'not_ready'],
    },
    'POST /user/passkeys/options': {
      summary: { en: 'Begin to add a passkey', ko: '패스키 등록 시작' },
      description: {
        en: 'Give `publicKey` to `navigator.credentials.create`. An account has at most 20 passkeys.',
        ko: '`publicKey`를 `navigator.credentials.create`에 넘기세요. 계정마다 패스키를 최대 20개까지 둘 수 있습니다.',
      },
      answers: {
        200: {
          description: 'The options, as `PublicKeyCredentialCreationOptionsJSON`.',
          schema: v.strictObject({ publicKey: creationOptions, expires_in }),
          example: { publicKey: creationExample, expires_in: 600 },
        },
      },
      problems: ['invalid_body', 'not_ready'],
    },
    'POST /user/passkeys': {
      summary: { en: 'Add a passkey', ko: '패스키 등록' },
      description: {
        en:
          '`credential` is a `RegistrationResponseJSON`. Without a `name`, the passkey is named after what made it, if that is ' +
          'known. The password goes on working alone, unless the account asks for a second factor.',
        ko:
          '`credential`은 `RegistrationResponseJSON`입니다. `name`이 없으면 패스키를 만든 프로그램이나 기기의 이름을 붙입니다. ' +
          '2단계 인증을 켜지 않는 한, 비밀번호만으로도 계속 로그인할 수 있습니다.',
      },
      body: { credential: attestation, name: 'Laptop' },
      answers: { 201: { description: 'The passkey is added.', schema: passkey, example } },
      problems: ['invalid_credentials', 'invalid_ticket', 'not_ready'],
    },
    'PATCH /user/passkeys/:id': {
      summary: { en: 'Rename a passkey', ko: '패스키 이름 변경' },
      description: {
        en: 'A name is cut at 64 bytes, between characters.',
        ko: '이름은 64바이트를 넘지 않게 글자 단위로 자릅니다.',
      },
      params,
      body: { name: 'Laptop' },
      answers: { 200: { description: 'The passkey has the new name.', schema: passkey, example } },
      problems: ['not_found'],
    },
    'DELETE /user/passkeys/:id': {
      summary: { en: 'Remove a passkey', ko: '패스키 삭제' },
      description: {
        en: 'Never the last way to sign in. If it was the last second factor, the account no longer asks for one.',
        ko: '마지막 로그인 방법은 삭제할 수 없습니다. 2단계 인증에 쓰던 마지막 인증 수단이었다면 2단계 인증이 꺼집니다.',
      },
      params,
      answers: done('The passkey is removed.'),
      problems: ['invalid_credentials', 'not_found', 'last_way_in'],
    },
    'GET /.well-known/passkey-endpoints': {
      summary: { en: 'Where passkeys are added and managed', ko: '패스키를 등록하고 관리하는 주소' },
      description: { en: 'For password managers.', ko: '비밀번호 관리자를 위한 것입니다.' },
      answers: {
        200: {
          description: 'The addresses of the page.',
          schema: v.strictObject({ enroll: text, manage: text }),
          example: {
            enroll: 'https://login.example.com/account/passkeys',
            manage: 'https://login.example.com/account/passkeys',
          },
        },
      },
      problems: ['not_ready'],
    },
  },
}

const changed = {
  needs: 'login',
  answer: {
    en: '303 to `/account/passkeys`; if the sign-in is too old, the page asks for it again',
    ko: '`/account/passkeys`로 303, 로그인한 지 오래되었으면 그 페이지에서 다시 확인',
  },
} as const

export const pages: Pages = {
  'POST /login/passkey': {
    answer: {
      en: '303 to `return_to` or `/login`, signed in; else the page again, or the next step',
      ko: '로그인한 뒤 `return_to` 또는 `/login`으로 303, 아니면 같은 페이지나 다음 단계를 표시',
    },
  },
  'POST /login/passkey/enrol': {
    answer: {
      en: '200: the recovery codes, once, and signed in; else the page again',
      ko: '200: 로그인한 뒤 복구 코드를 한 번 표시, 실패하면 같은 페이지를 다시 표시',
    },
  },
  'GET /account/passkeys': {
    needs: 'login',
    answer: { en: '200: the passkeys, and a form that adds one', ko: '200: 패스키 목록과 패스키 등록 폼' },
  },
  'POST /account/passkeys': changed,
  'GET /account/passkeys/:id': {
    needs: 'login',
    answer: {
      en: '200: the forms that rename and remove one passkey',
      ko: '200: 패스키 이름 변경 폼과 삭제 폼',
    },
  },
  'POST /account/passkeys/:id': changed,
}

const flag = v.picklist([0, 1])

export const held: Held = {
  passkeys: {
    schema: v.array(
      v.strictObject({
        id: text,
        name: text,
        aaguid: text,
        transports: text,
        user_verified: flag,
        backup_eligible: flag,
        backed_up: flag,
        created_at: seconds,
        last_used_at: v.nullable(seconds),
      }),
    ),
    example: [
      {
        id,
        name: 'Apple Passwords',
        aaguid: 'fbfc3007-154e-4ecc-8c0b-6e020557d7bd',
        transports: '["internal"]',
        user_verified: 1,
        backup_eligible: 1,
        backed_up: 1,
        created_at: 1_795_000_000,
        last_used_at: null,
      },
    ],
  },
  passkey_handles: { schema: v.array(v.strictObject({ handle: text })), example: [{ handle: data }] },
}
