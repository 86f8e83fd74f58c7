import type { Language } from '../core/audit.ts'
import type { Problem, ProblemCode } from '../core/problem.ts'

/** What the pages say. A problem without words of its own is told with `internal_error`'s. */
type Words = {
  email: string
  password: string
  newPassword: string
  signIn: string
  signOut: string
  signedInAs: (email: string) => string
  verify: string
  verified: string
  setPassword: string
  passwordSet: string
  problems: Partial<Record<ProblemCode, string>> & { internal_error: string }
  fields: Record<string, string>
}

export const words: Record<Language, Words> = {
  en: {
    email: 'Email',
    password: 'Password',
    newPassword: 'New password (at least 8 characters)',
    signIn: 'Sign in',
    signOut: 'Sign out',
    signedInAs: (email) => `You are signed in as ${email}.`,
    verify: 'Confirm my email address',
    verified: 'Your email address is confirmed',
    setPassword: 'Set a new password',
    passwordSet: 'Your new password is set',
    problems: {
      invalid_credentials: 'The email or the password is wrong.',
      invalid_one_time_token: 'This link has been used, has expired, or was replaced by a newer one.',
      account_disabled: 'This account is disabled.',
      email_not_verified: 'This email address is not confirmed yet. We have sent you the link again.',
      email_taken: 'This email address belongs to another account.',
      cross_site_request: 'Please send the form from this page.',
      invalid_body: 'Please fill in every field.',
      too_many_attempts: 'Too many attempts. Please try again later, or set a new password.',
      challenge_required: 'Too many attempts. Please try again later, or set a new password.',
      overloaded: 'This is not possible just now. Please try again shortly.',
      unavailable: 'This is not possible just now. Please try again shortly.',
      internal_error: 'Something went wrong. Please try again.',
    },
    fields: {
      too_short: 'The password needs at least 8 characters.',
      too_long: 'The password may have at most 256 characters.',
      too_common: 'This password is too easy to guess. Please choose another.',
    },
  },
  ko: {
    email: '이메일',
    password: '비밀번호',
    newPassword: '새 비밀번호 (8자 이상)',
    signIn: '로그인',
    signOut: '로그아웃',
    signedInAs: (email) => `${email} 계정으로 로그인되어 있습니다.`,
    verify: '이메일 주소 확인하기',
    verified: '이메일 주소가 확인되었습니다',
    setPassword: '새 비밀번호 정하기',
    passwordSet: '새 비밀번호가 설정되었습니다',
    problems: {
      invalid_credentials: '이메일 또는 비밀번호가 올바르지 않습니다.',
      invalid_one_time_token: '이미 사용했거나 만료되었거나 새 링크로 바뀐 링크입니다.',
      account_disabled: '사용이 중지된 계정입니다.',
      email_not_verified: '아직 확인되지 않은 이메일 주소입니다. 확인 링크를 다시 보냈습니다.',
      email_taken: '다른 계정에서 사용 중인 이메일 주소입니다.',
      cross_site_request: '이 페이지의 양식으로 보내 주세요.',
      invalid_body: '모든 칸을 입력해 주세요.',
      too_many_attempts: '시도가 너무 많습니다. 나중에 다시 시도하거나 새 비밀번호를 정해 주세요.',
      challenge_required: '시도가 너무 많습니다. 나중에 다시 시도하거나 새 비밀번호를 정해 주세요.',
      overloaded: '지금은 처리할 수 없습니다. 잠시 후 다시 시도해 주세요.',
      unavailable: '지금은 처리할 수 없습니다. 잠시 후 다시 시도해 주세요.',
      internal_error: '문제가 발생했습니다. 다시 시도해 주세요.',
    },
    fields: {
      too_short: '비밀번호는 8자 이상이어야 합니다.',
      too_long: '비밀번호는 256자까지 쓸 수 있습니다.',
      too_common: '너무 추측하기 쉬운 비밀번호입니다. 다른 비밀번호를 정해 주세요.',
    },
  },
}

/** A problem as one sentence for the reader: the first field's where it has one, else the problem's. */
export function sentence({ code, errors }: Problem, language: Language): string {
  const { problems, fields } = words[language]
  return fields[errors?.[0]?.code ?? ''] ?? problems[code] ?? problems.internal_error
}
