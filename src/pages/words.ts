import { phrases, type Translated } from '../lib/language.ts'

/** Words that several pages use. The words of one feature are in its own `words.ts`. */
export const shared = phrases({
  // The language's own name.
  name: { en: 'English', ko: '한국어' },
  language: { en: 'Language', ko: '언어' },
  error: { en: 'Error', ko: '오류' },
  show: { en: 'Show password', ko: '비밀번호 보기' },
  hide: { en: 'Hide password', ko: '비밀번호 숨기기' },
  passwordHint: {
    en: (characters: string) =>
      `At least ${characters} characters. A few words in a row are strong and easy to remember.`,
    ko: (characters: string) =>
      `${characters}자 이상 입력해 주세요. 단어 여러 개를 이어 쓰면 안전하면서도 기억하기 쉽습니다.`,
  },
  signIn: { en: 'Sign in', ko: '로그인' },
  signOut: { en: 'Sign out', ko: '로그아웃' },
  keep: { en: 'Keep me signed in', ko: '로그인 상태 유지' },
  account: { en: 'Your account', ko: '내 계정' },
  goOn: { en: 'Continue', ko: '계속' },
  cancel: { en: 'Cancel', ko: '취소' },
  register: { en: 'Create an account', ko: '회원가입' },
  forgot: { en: 'Forgot your password?', ko: '비밀번호를 잊으셨나요?' },
  administration: { en: 'Administration', ko: '관리자 페이지' },
  checkMail: { en: 'Check your mail', ko: '메일을 확인해 주세요' },
  mailHelp: {
    en: 'The link works for one hour. If nothing arrives, check your spam folder and the address that you entered.',
    ko: '링크는 1시간 동안 유효합니다. 메일이 오지 않으면 스팸 메일함을 살펴보고, 입력한 이메일 주소가 맞는지 확인해 주세요.',
  },
  lost: { en: 'There is nothing here', ko: '페이지를 찾을 수 없습니다' },
  lostHow: {
    en: 'Check the address, or continue from here.',
    ko: '주소가 정확한지 확인하거나 아래 링크를 이용해 주세요.',
  },
  linkCut: {
    en: 'Part of the link is missing. Open it from the mail again, or copy the whole address.',
    ko: '링크 주소의 일부가 빠졌습니다. 메일에서 링크를 다시 열거나 주소 전체를 복사해 주세요.',
  },
  newLink: { en: 'Ask for a new link', ko: '새 링크 받기' },
  resetHelps: {
    en: 'If you do not want to wait, reset your password.',
    ko: '기다리지 않고 로그인하려면 비밀번호를 재설정해 주세요.',
  },
  youEntered: { en: 'You entered this address:', ko: '입력한 이메일 주소:' },
  mailAgain: { en: 'Send again', ko: '다시 보내기' },
  sentAgain: { en: 'Requested again.', ko: '메일을 다시 요청했습니다.' },
  challenge: {
    en: 'Or show here that you are not a robot, and sign in without waiting:',
    ko: '아래에서 로봇이 아님을 확인하면 기다리지 않고 로그인할 수 있습니다.',
  },
  challengeNeedsScript: {
    en: 'This needs JavaScript. Without it, please wait.',
    ko: '이 확인에는 JavaScript가 필요합니다. JavaScript를 사용할 수 없다면 기다렸다가 로그인해 주세요.',
  },
  notDone: { en: 'This did not work', ko: '처리하지 못했습니다' },
  unknownDevice: { en: 'Unknown device', ko: '알 수 없는 기기' },
  lastUsed: { en: 'Last active', ko: '최근 활동' },
  confirm: { en: 'Confirm that it is you', ko: '본인 확인' },
  confirmWhy: {
    en: 'Before you go on, please confirm that it is you.',
    ko: '계속하기 전에 본인인지 한 번 더 확인합니다.',
  },
  notConfirmed: {
    en: 'This was not accepted. Try again, or choose another way.',
    ko: '확인하지 못했습니다. 다시 시도하거나 다른 방법을 이용해 주세요.',
  },
  confirmPassword: { en: 'Confirm with the password', ko: '비밀번호로 확인' },
  secondStep: { en: 'One more step', ko: '추가 인증' },
  secondStepWhy: {
    en: 'This account is protected by a second factor.',
    ko: '2단계 인증을 사용하는 계정입니다.',
  },
  enrolTitle: { en: 'Protect your account', ko: '2단계 인증 설정' },
  enrolWhy: {
    en: 'A second factor is needed to sign in here.',
    ko: '로그인하려면 2단계 인증을 설정해야 합니다.',
  },
  recoveryCodes: { en: 'Your recovery codes', ko: '복구 코드' },
  recoveryCodesAre: {
    en: 'If you lose your second factor, each of these codes signs you in once. They are shown only now: print them, or copy them to a safe place.',
    ko: '인증 수단을 잃어버렸을 때 코드마다 한 번씩 로그인할 수 있습니다. 지금만 볼 수 있으니 인쇄하거나 안전한 곳에 복사해 두세요.',
  },
  recoveryCodesKeep: {
    en: 'Older codes no longer work.',
    ko: '이전에 받은 코드는 더 이상 사용할 수 없습니다.',
  },
  startAgain: { en: 'Start again', ko: '처음부터 다시 로그인' },
  changeEmail: { en: 'Change email', ko: '이메일 주소 변경' },
  changePassword: { en: 'Change password', ko: '비밀번호 변경' },
  deleteShort: { en: 'The account and its data are removed for good.', ko: '계정과 데이터를 영구적으로 삭제합니다.' },
  deleteAccount: { en: 'Delete account', ko: '계정 삭제' },
  endAll: { en: 'Sign out everywhere', ko: '모든 기기에서 로그아웃' },
  wrongPassword: { en: 'The password is wrong.', ko: '비밀번호가 올바르지 않습니다.' },
})

/** Labels of fields that several features have, by their names in forms. A feature adds its own. */
export const labels = {
  name: { en: 'Name', ko: '이름' },
  email: { en: 'Email', ko: '이메일 주소' },
  password: { en: 'Password', ko: '비밀번호' },
  current_password: { en: 'Current password', ko: '현재 비밀번호' },
  new_password: { en: 'New password', ko: '새 비밀번호' },
} satisfies Record<string, Translated>

export type Words = typeof shared.en
