import type { ProblemCode } from '../core/problem.ts'

export const languages = ['en', 'ko'] as const
export type Language = (typeof languages)[number]

/** What the pages say. A problem without words of its own is told with `internal_error`'s. */
type Words = {
  title: string
  email: string
  password: string
  signIn: string
  signOut: string
  signedInAs: (email: string) => string
  problems: Partial<Record<ProblemCode, string>> & { internal_error: string }
}

export const words: Record<Language, Words> = {
  en: {
    title: 'Sign in',
    email: 'Email',
    password: 'Password',
    signIn: 'Sign in',
    signOut: 'Sign out',
    signedInAs: (email) => `You are signed in as ${email}.`,
    problems: {
      invalid_credentials: 'The email or the password is wrong.',
      account_disabled: 'This account is disabled.',
      email_not_verified: 'This email address has not been confirmed yet.',
      cross_site_request: 'Please send the form from this page.',
      invalid_body: 'Please enter your email and your password.',
      unavailable: 'This is not possible just now. Please try again shortly.',
      internal_error: 'Something went wrong. Please try again.',
    },
  },
  ko: {
    title: '로그인',
    email: '이메일',
    password: '비밀번호',
    signIn: '로그인',
    signOut: '로그아웃',
    signedInAs: (email) => `${email} 계정으로 로그인되어 있습니다.`,
    problems: {
      invalid_credentials: '이메일 또는 비밀번호가 올바르지 않습니다.',
      account_disabled: '사용이 중지된 계정입니다.',
      email_not_verified: '아직 확인되지 않은 이메일 주소입니다.',
      cross_site_request: '이 페이지의 양식으로 보내 주세요.',
      invalid_body: '이메일과 비밀번호를 입력해 주세요.',
      unavailable: '지금은 처리할 수 없습니다. 잠시 후 다시 시도해 주세요.',
      internal_error: '문제가 발생했습니다. 다시 시도해 주세요.',
    },
  },
}
