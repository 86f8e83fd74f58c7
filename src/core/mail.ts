import type { Language } from './audit.ts'
import type { MailKind } from './outbox.ts'

export type Mail = { subject: string; text: string; html: string }

type Words = { subject: string; lines: string[]; link?: { path: '/verify' | '/reset'; label: string } }

/**
 * What the mails say. `{app}` is filled in from the settings; nothing that a stranger typed ever is.
 */
export const mailWords: Record<Language, Record<MailKind, Words>> = {
  en: {
    verify: {
      subject: 'Confirm your email address',
      lines: [
        'Somebody registered at {app} with this address. If it was you, confirm it within an hour.',
        'If it was not you, do nothing: without this link nobody can sign in with your address.',
      ],
      link: { path: '/verify', label: 'Confirm this address' },
    },
    finish_registration: {
      subject: 'Set your password',
      lines: [
        'Somebody registered again at {app} with this address, which was never confirmed. So that only you decide on the password, set it here within an hour.',
        'If it was not you, do nothing.',
      ],
      link: { path: '/reset', label: 'Set my password' },
    },
    already_registered: {
      subject: 'You already have an account',
      lines: [
        'Somebody tried to register at {app} with this address, which has an account already. If it was you, sign in, or ask for a new password.',
        'If it was not you, nothing has changed.',
      ],
    },
    reset: {
      subject: 'Set a new password',
      lines: [
        'Somebody asked for a new password for your account at {app}. If it was you, set it within an hour.',
        'If it was not you, do nothing: your password stays as it is.',
      ],
      link: { path: '/reset', label: 'Set a new password' },
    },
    password_changed: {
      subject: 'Your password was changed',
      lines: [
        'The password of your account at {app} was changed, and other devices were signed out.',
        'If it was not you, ask for a new password now.',
      ],
    },
    email_change: {
      subject: 'Confirm your new email address',
      lines: [
        'Somebody asked to use this address for an account at {app}. If it was you, confirm it within an hour. You will then sign in again.',
        'If it was not you, do nothing.',
      ],
      link: { path: '/verify', label: 'Confirm this address' },
    },
    email_change_requested: {
      subject: 'Your email address is about to change',
      lines: [
        'Somebody who knows your password asked to change the address of your account at {app}. It changes when the new address is confirmed.',
        'If it was not you, ask for a new password now: that cancels the change.',
      ],
    },
    email_changed: {
      subject: 'Your email address was changed',
      lines: [
        'The account at {app} that had this address has another one now, and all devices were signed out.',
        'If it was not you, tell the operator of {app}.',
      ],
    },
    email_taken: {
      subject: 'You already have an account',
      lines: [
        'Somebody wanted to use this address for another account at {app}. It belongs to yours, so nothing has changed.',
      ],
    },
    session_replayed: {
      subject: 'We signed a device out',
      lines: [
        'A key of one of your sessions at {app} was used a second time, from another device or network. It may have been copied, so that session was ended.',
        'Sign in again. If you see something strange, change your password.',
      ],
    },
    account_deleted: {
      subject: 'Your account was deleted',
      lines: ['Your account at {app} and what belonged to it was deleted, as you asked.'],
    },
    account_created: {
      subject: 'You have an account',
      lines: [
        'The operator of {app} made an account for you with this address. Set its password within an hour; later, ask for a new password.',
        'If you did not expect this, do nothing: nobody can sign in to it without this link.',
      ],
      link: { path: '/reset', label: 'Set my password' },
    },
    reset_forced: {
      subject: 'Set a new password',
      lines: [
        'The operator of {app} made the password of your account void, and all devices were signed out. Set a new one within an hour; later, ask for a new password.',
        'Use a password that you use nowhere else.',
      ],
      link: { path: '/reset', label: 'Set a new password' },
    },
  },
  ko: {
    verify: {
      subject: '이메일 주소를 확인해 주세요',
      lines: [
        '누군가 이 주소로 {app}에 가입했습니다. 본인이라면 한 시간 안에 확인해 주세요.',
        '본인이 아니라면 아무것도 하지 않으셔도 됩니다. 이 링크 없이는 아무도 이 주소로 로그인할 수 없습니다.',
      ],
      link: { path: '/verify', label: '이 주소 확인하기' },
    },
    finish_registration: {
      subject: '비밀번호를 정해 주세요',
      lines: [
        '아직 확인되지 않은 이 주소로 누군가 {app}에 다시 가입했습니다. 비밀번호는 본인만 정할 수 있도록, 한 시간 안에 여기에서 정해 주세요.',
        '본인이 아니라면 아무것도 하지 않으셔도 됩니다.',
      ],
      link: { path: '/reset', label: '비밀번호 정하기' },
    },
    already_registered: {
      subject: '이미 계정이 있습니다',
      lines: [
        '누군가 이 주소로 {app}에 가입하려고 했지만, 이미 계정이 있습니다. 본인이라면 로그인하거나 새 비밀번호를 요청해 주세요.',
        '본인이 아니라면, 바뀐 것은 없습니다.',
      ],
    },
    reset: {
      subject: '새 비밀번호를 정해 주세요',
      lines: [
        '누군가 {app} 계정의 새 비밀번호를 요청했습니다. 본인이라면 한 시간 안에 정해 주세요.',
        '본인이 아니라면 아무것도 하지 않으셔도 됩니다. 비밀번호는 그대로입니다.',
      ],
      link: { path: '/reset', label: '새 비밀번호 정하기' },
    },
    password_changed: {
      subject: '비밀번호가 변경되었습니다',
      lines: [
        '{app} 계정의 비밀번호가 변경되었고, 다른 기기는 로그아웃되었습니다.',
        '본인이 아니라면 지금 새 비밀번호를 요청해 주세요.',
      ],
    },
    email_change: {
      subject: '새 이메일 주소를 확인해 주세요',
      lines: [
        '누군가 {app} 계정에 이 주소를 사용하려고 합니다. 본인이라면 한 시간 안에 확인해 주세요. 확인한 뒤에는 다시 로그인해야 합니다.',
        '본인이 아니라면 아무것도 하지 않으셔도 됩니다.',
      ],
      link: { path: '/verify', label: '이 주소 확인하기' },
    },
    email_change_requested: {
      subject: '이메일 주소 변경이 요청되었습니다',
      lines: [
        '비밀번호를 아는 누군가가 {app} 계정의 주소 변경을 요청했습니다. 새 주소가 확인되면 변경됩니다.',
        '본인이 아니라면 지금 새 비밀번호를 요청해 주세요. 그러면 변경이 취소됩니다.',
      ],
    },
    email_changed: {
      subject: '이메일 주소가 변경되었습니다',
      lines: [
        '이 주소를 쓰던 {app} 계정의 주소가 변경되었고, 모든 기기가 로그아웃되었습니다.',
        '본인이 아니라면 {app} 운영자에게 알려 주세요.',
      ],
    },
    email_taken: {
      subject: '이미 계정이 있습니다',
      lines: [
        '누군가 이 주소를 {app}의 다른 계정에 사용하려고 했습니다. 이 주소에는 이미 계정이 있으므로 바뀐 것은 없습니다.',
      ],
    },
    session_replayed: {
      subject: '한 기기를 로그아웃했습니다',
      lines: [
        '{app} 세션의 키가 다른 기기나 네트워크에서 다시 사용되었습니다. 복사되었을 수 있어 그 세션을 종료했습니다.',
        '다시 로그인해 주세요. 이상한 점이 있으면 비밀번호를 변경해 주세요.',
      ],
    },
    account_deleted: {
      subject: '계정이 삭제되었습니다',
      lines: ['요청하신 대로 {app} 계정과 관련 정보가 삭제되었습니다.'],
    },
    account_created: {
      subject: '계정이 만들어졌습니다',
      lines: [
        '{app} 운영자가 이 주소로 계정을 만들었습니다. 한 시간 안에 비밀번호를 정해 주세요. 그 뒤에는 새 비밀번호를 요청해 주세요.',
        '예상하지 못한 메일이라면 아무것도 하지 않으셔도 됩니다. 이 링크 없이는 아무도 그 계정에 로그인할 수 없습니다.',
      ],
      link: { path: '/reset', label: '비밀번호 정하기' },
    },
    reset_forced: {
      subject: '새 비밀번호를 정해 주세요',
      lines: [
        '{app} 운영자가 계정의 비밀번호를 무효로 했고, 모든 기기가 로그아웃되었습니다. 한 시간 안에 새 비밀번호를 정해 주세요. 그 뒤에는 새 비밀번호를 요청해 주세요.',
        '다른 곳에서 쓰지 않는 비밀번호를 사용해 주세요.',
      ],
      link: { path: '/reset', label: '새 비밀번호 정하기' },
    },
  },
}

type Filling = { app: string; publicUrl: string | undefined; token: string | undefined }

/** A mail in text and HTML. Every value is escaped; the link's host comes from the settings, never from a request. */
export function composeMail(kind: MailKind, language: Language, { app, publicUrl, token }: Filling): Mail {
  const { subject, lines, link } = (mailWords[language] ?? mailWords.en)[kind] // a row from outside may say anything
  const filled = lines.map((line) => line.replaceAll('{app}', () => app)) // a text would be read for `$&`
  const url = link && publicUrl !== undefined ? `${publicUrl}${link.path}?token=${token ?? ''}` : undefined
  const [greeting = '', ...rest] = filled
  const text = [greeting, ...(url === undefined ? [] : [url]), ...rest].join('\n\n') + '\n'
  const paragraphs = [
    paragraph(escape(greeting)),
    ...(url === undefined ? [] : [paragraph(`<a href="${escape(url)}">${escape(link!.label)}</a>`)]),
    ...rest.map((line) => paragraph(escape(line))),
  ]
  const html = `<!doctype html><html lang="${language}"><meta charset="utf-8"><body>${paragraphs.join('')}</body></html>`
  return { subject: `${app}: ${subject}`, text, html }
}

const paragraph = (html: string): string => `<p>${html}</p>`

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
