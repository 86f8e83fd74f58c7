import type { Language, Translated } from '../lib/language.ts'
import type { Problem, ProblemCode } from '../problem.ts'

/* What is over some time later. `problemText` adds when. */
const later = { en: 'This is not possible right now.', ko: '지금은 처리할 수 없습니다.' }
const tooMany = { en: 'Too many attempts.', ko: '시도 횟수를 초과했습니다.' }
const signInAgain = { en: 'Please sign in again.', ko: '다시 로그인해 주세요.' }
const odd = {
  en: 'The request was not understood. Please go back and try again.',
  ko: '잘못된 요청입니다. 이전 페이지로 돌아가 다시 시도해 주세요.',
}

/** The text of each problem, for people. */
export const problemTexts: Record<ProblemCode, Translated> = {
  account_disabled: { en: 'This account is disabled.', ko: '사용이 중지된 계정입니다.' },
  body_too_large: { en: 'What you entered is too long.', ko: '입력한 내용이 너무 깁니다.' },
  challenge_required: tooMany,
  client_document_refused: {
    en: 'We could not check this application. Please try again later.',
    ko: '애플리케이션을 확인하지 못했습니다. 나중에 다시 시도해 주세요.',
  },
  cross_site_request: {
    en: 'Your browser did not say that this was sent from here. Please try again on this page, or use another browser.',
    ko: '이 페이지에서 보낸 요청인지 확인하지 못했습니다. 여기에서 다시 시도하거나 다른 브라우저를 사용해 주세요.',
  },
  email_not_verified: {
    en: 'This email address is not confirmed yet. We have sent you the link again.',
    ko: '아직 인증되지 않은 이메일 주소입니다. 인증 링크를 다시 보냈습니다.',
  },
  identity_not_linked: {
    en: 'This account is not connected yet. Sign in as you always do, then connect it under Security.',
    ko: '아직 연결되지 않은 계정입니다. 평소 방법으로 로그인한 뒤 내 계정의 로그인 보안에서 연결해 주세요.',
  },
  identity_taken: {
    en: 'This account is connected already, or another one of the same service is. Disconnect that one first.',
    ko: '이미 연결된 계정이거나, 같은 서비스의 다른 계정이 연결되어 있습니다. 먼저 그 연결을 해제해 주세요.',
  },
  identity_without_email: {
    en: 'The other service did not tell us your email address. Allow it there, or register here and connect the account later.',
    ko: '이메일 주소를 전달받지 못했습니다. 해당 서비스에서 이메일 제공에 동의하거나, 여기에서 회원가입한 뒤 그 계정을 연결해 주세요.',
  },
  provider_failed: {
    en: 'Signing in at the other service did not work. Please try again, or sign in in another way.',
    ko: '다른 서비스 계정으로 로그인하지 못했습니다. 다시 시도하거나 다른 방법으로 로그인해 주세요.',
  },
  email_taken: {
    en: 'This email address belongs to another account.',
    ko: '이미 다른 계정에서 사용 중인 이메일 주소입니다.',
  },
  invalid_code: {
    en: 'The code is wrong, or was used before.',
    ko: '코드가 올바르지 않거나 이미 사용한 코드입니다.',
  },
  last_way_in: {
    en: 'This is the only way to sign in to your account. Add another one first.',
    ko: '이 계정에 로그인할 수 있는 유일한 방법입니다. 다른 로그인 방법을 먼저 추가해 주세요.',
  },
  second_factor_enrolment_required: {
    en: 'This account needs a second factor.',
    ko: '이 계정은 2단계 인증을 설정해야 합니다.',
  },
  second_factor_demanded: {
    en: 'Two-step sign-in cannot be turned off here.',
    ko: '이 서비스에서는 2단계 인증을 끌 수 없습니다.',
  },
  second_factors_off: {
    en: 'Second factors cannot be added here.',
    ko: '이 서비스에서는 2단계 인증을 추가할 수 없습니다.',
  },
  step_up_required: {
    en: 'Please sign in again, with a second factor.',
    ko: '2단계 인증으로 다시 로그인해 주세요.',
  },
  factor_exists: {
    en: 'This account has an authenticator app already. Remove it first.',
    ko: '이미 등록된 인증 앱이 있습니다. 먼저 삭제해 주세요.',
  },
  fresh_login_required: { en: 'Please confirm first that it is you.', ko: '먼저 본인 확인을 해 주세요.' },
  insufficient_role: {
    en: 'You do not have permission to see this page.',
    ko: '이 페이지를 볼 수 있는 권한이 없습니다.',
  },
  insufficient_scope: odd,
  internal_error: { en: 'Something went wrong. Please try again.', ko: '문제가 발생했습니다. 다시 시도해 주세요.' },
  invalid_body: { en: 'Please check what you entered.', ko: '입력한 내용을 확인해 주세요.' },
  invalid_client_address: odd,
  invalid_credentials: {
    en: 'The email or the password is wrong.',
    ko: '이메일 주소 또는 비밀번호가 올바르지 않습니다.',
  },
  invalid_one_time_token: {
    en: 'This link has been used, has expired, or was replaced by a newer one.',
    ko: '이미 사용했거나 만료된 링크입니다. 링크를 다시 받았다면 가장 최근에 받은 링크를 이용해 주세요.',
  },
  invalid_query: odd,
  invalid_refresh_token: signInAgain,
  invalid_ticket: {
    en: 'This sign-in took too long, or has ended. Please start again.',
    ko: '로그인 시간이 초과되었거나 이미 종료된 로그인입니다. 처음부터 다시 로그인해 주세요.',
  },
  invalid_token: signInAgain,
  not_invited: {
    en: 'This account is in use already, or disabled.',
    ko: '이미 사용 중이거나 사용 중지된 계정입니다.',
  },
  last_admin: {
    en: 'At least one administrator must remain.',
    ko: '관리자가 한 명 이상 남아 있어야 합니다.',
  },
  login_required: { en: 'Please sign in.', ko: '로그인해 주세요.' },
  malformed_json: odd,
  method_not_allowed: odd,
  no_second_factor: {
    en: 'This account has no second factor.',
    ko: '2단계 인증을 사용하지 않는 계정입니다.',
  },
  not_found: { en: 'This no longer exists.', ko: '찾을 수 없습니다. 이미 삭제되었을 수 있습니다.' },
  not_ready: later,
  overloaded: later,
  registration_closed: { en: 'New accounts cannot be created here.', ko: '지금은 회원가입을 받지 않습니다.' },
  second_factor_required: {
    en: 'Please confirm in one more way that it is you.',
    ko: '본인 확인이 한 번 더 필요합니다.',
  },
  too_many_attempts: tooMany,
  unavailable: later,
  unknown_backend: odd,
  unknown_client: {
    en: 'This application is not known here. Please tell whoever runs it.',
    ko: '등록되지 않은 애플리케이션입니다. 애플리케이션 운영자에게 문의해 주세요.',
  },
  unregistered_redirect_uri: {
    en: 'The application asked to send you to an address that is not registered for it. Please tell whoever runs it.',
    ko: '애플리케이션에 등록되지 않은 주소로 이동하려고 했습니다. 애플리케이션 운영자에게 문의해 주세요.',
  },
  unsupported_media_type: odd,
}

/** The text of a problem. If it is over some time later, the text says when, or only that. */
export function problemText({ code, headers }: Problem, language: Language): string {
  const text = problemTexts[code]
  const seconds = Number(headers['Retry-After'] ?? 0)
  if (seconds === 0 && text !== later && text !== tooMany) return text[language]
  return `${text[language]} ${again[language](seconds > 0 && inWords(seconds, language))}`
}

const again: Translated<(time: string | false) => string> = {
  en: (time) => `Please try again ${time ? `in ${time}` : 'later'}.`,
  ko: (time) => `${time ? `${time} 후에` : '나중에'} 다시 시도해 주세요.`,
}

/** In the largest unit that is still exact enough, rounded up: who waits this long need not wait again. */
function inWords(seconds: number, language: Language): string {
  const [unit, size] = seconds < 60 ? ['second', 1] : seconds <= 5_400 ? ['minute', 60] : ['hour', 3_600]
  const number = new Intl.NumberFormat(language, { style: 'unit', unit: unit as string, unitDisplay: 'long' })
  return number.format(Math.ceil(seconds / (size as number)))
}

/** Why a field was refused: the codes of the schemas in `core/passwords/credentials.ts`, `core/users/roles.ts` and `core/clients/registration.ts`. */
export const fieldTexts = {
  breached: {
    en: 'This password has appeared in a data breach. Please choose another.',
    ko: '유출된 적이 있는 비밀번호입니다. 다른 비밀번호를 사용해 주세요.',
  },
  malformed: {
    en: 'This is incomplete, or contains characters that cannot be used.',
    ko: '형식이 올바르지 않습니다. 빠진 부분이나 사용할 수 없는 문자가 있는지 확인해 주세요.',
  },
  not_a_role: {
    en: 'A role has at most 32 small letters, digits, - and _, and begins with a letter.',
    ko: '역할 이름은 영문 소문자로 시작해야 하며, 영문 소문자, 숫자, 하이픈(-), 밑줄(_)만 32자까지 쓸 수 있습니다.',
  },
  required: { en: 'Please fill this in.', ko: '필수 입력 항목입니다.' },
  too_common: {
    en: 'This is too easy to guess. Please choose another.',
    ko: '추측하기 쉬운 비밀번호입니다. 다른 비밀번호를 사용해 주세요.',
  },
  too_long: {
    en: 'This is too long. A password may have at most 256 characters.',
    ko: '너무 깁니다. 비밀번호는 256자까지 입력할 수 있습니다.',
  },
  too_many_roles: { en: 'A user has at most 16 roles.', ko: '역할은 16개까지 지정할 수 있습니다.' },
  too_short: { en: 'This is too short.', ko: '너무 짧습니다.' },
} satisfies Record<string, Translated>
