import type { ProblemCode } from '../../src/problem.ts'

/** When each code is given, in Korean. In English it is the docstring in `src/problem.ts`. */
export const problemsInKorean: Record<ProblemCode, string> = {
  invalid_one_time_token:
    '메일의 링크를 이미 사용했거나, 만료되었거나(1시간, 초대 메일과 알림 메일의 링크는 7일), 더 최근에 보낸 링크가 있거나, 링크가 무효가 되었습니다.',
  invalid_client_address:
    '백엔드가 IP 주소를 알려 주지 않았거나, 알려 준 주소가 루프백·사설 주소이거나 읽을 수 없는 값입니다.',
  malformed_json: '본문이 JSON이나 UTF-8이 아니거나, 같은 필드가 두 번 나옵니다.',
  invalid_credentials:
    '가입되지 않은 주소이거나, 비밀번호가 틀렸거나, 해시를 읽을 수 없거나, 패스키가 올바르지 않습니다. 일부러 구분하지 않으며, 등록되지 않은 패스키일 때만 `unknown_credential`이 true입니다.',
  invalid_refresh_token: '이 서비스의 리프레시 토큰이 아니거나, 이미 사용했거나, 세션이 종료되었습니다.',
  fresh_login_required:
    '인증한 지 10분이 지났거나, 2단계 인증을 쓰는 계정에서 10분 안에 2단계 인증을 하지 않았습니다. `POST /user/reauth`로 재인증하고 다시 시도합니다.',
  step_up_required:
    '2단계 인증까지 마친 세션이 필요한 라우트입니다. `POST /user/reauth`로 2단계 인증을 합니다. 계정에 인증 수단이 없으면 다시 로그인합니다.',
  invalid_code: '이메일 인증 코드, 인증 앱의 코드 또는 복구 코드가 틀렸거나 이미 사용한 코드입니다.',
  invalid_ticket:
    '여러 단계로 로그인할 때 쓰는 티켓을 이미 사용했거나, 10분이 지나 만료되었거나, 이 서비스의 티켓이 아닙니다.',
  login_required: '요청에 액세스 토큰이 없습니다.',
  invalid_token: '토큰이 위조되었거나, 만료되었거나, 형식이 잘못되었거나, 세션이 종료되었습니다.',
  unknown_client: '이 `client_id`로 등록된 애플리케이션이 없습니다.',
  client_document_refused:
    '`client_id`가 가리키는 문서를 가져올 수 없거나 문서가 올바르지 않습니다. 자세한 이유는 로그에 있습니다.',
  unregistered_redirect_uri:
    '`redirect_uri`나 `post_logout_redirect_uri`가 없거나, 애플리케이션에 등록된 주소와 정확히 같지 않습니다.',
  unknown_backend: '백엔드의 시크릿이 틀렸거나, 시크릿 없이 IP 주소를 알려 주었습니다.',
  account_disabled: '비밀번호가 맞거나 알림 메일의 링크가 유효하지만, 사용 중지된 계정입니다.',
  second_factor_required:
    '인증에 성공했지만 추가 인증이 필요한 계정입니다. `methods` 중 하나를 `ticket`과 함께 `expires_in`초 안에 보냅니다.',
  second_factor_enrolment_required:
    '인증에 성공했지만, `SECOND_FACTOR` 설정에 따라 2단계 인증이 필수인데 계정에 인증 수단이 없습니다. `methods`는 `ticket`과 함께 다음 단계에서 쓸 방법입니다. 먼저 이메일 인증 코드(`code`)이고, 그다음에는 등록하면 로그인이 끝나는 인증 수단입니다.',
  second_factors_off: '`SECOND_FACTOR`가 `off`입니다.',
  second_factor_demanded: '`SECOND_FACTOR` 설정에 따라 2단계 인증을 꼭 써야 하는 사용자이므로 끌 수 없습니다.',
  last_way_in: '계정에 로그인할 수 있는 마지막 방법입니다. 다른 방법을 먼저 추가해야 합니다.',
  email_not_verified: '비밀번호는 맞지만 이메일이 인증되지 않았습니다. 인증 링크를 메일로 다시 보냈습니다.',
  insufficient_role: '로그인은 유효하지만, 라우트에 필요한 역할이 계정에 없습니다.',
  insufficient_scope:
    '애플리케이션의 토큰에 라우트가 요구하는 스코프가 없습니다. 필요한 스코프는 `WWW-Authenticate`에 있습니다.',
  registration_closed: '`REGISTRATION`이 `closed`입니다.',
  cross_site_request: '쿠키로 인증하거나 폼을 제출하는 요청이 이 사이트에서 오지 않았습니다.',
  not_found: '이 주소에 아무것도 없거나, 본인의 것이 아닙니다.',
  method_not_allowed: '이 주소에서 지원하지 않는 메서드입니다. 지원하는 메서드는 `Allow`에 있습니다.',
  email_taken: '다른 계정이 쓰는 이메일 주소입니다. 링크를 보낸 뒤에 다른 계정이 쓰기 시작했을 수도 있습니다.',
  factor_exists: '계정에 이미 인증 앱이 있습니다. 다른 앱을 등록하거나 2단계 인증을 끄려면 먼저 삭제해야 합니다.',
  no_second_factor: '계정에 2단계 인증에 쓸 인증 수단이 없거나, 2단계 인증이 꺼져 있어 복구 코드가 필요하지 않습니다.',
  not_invited: '초대할 수 없는 사용자입니다. 이미 사용 중이거나 사용 중지된 계정입니다.',
  last_admin: '실행하면 서비스를 관리할 수 있는 사람이 아무도 남지 않습니다.',
  body_too_large: '본문이 16KiB를 넘습니다.',
  unsupported_media_type:
    '본문이 UTF-8로 된 `application/json`이나 `application/*+json`이 아닙니다. 페이지에서는 폼이 아닌 본문입니다.',
  invalid_body:
    '필드가 없거나, 타입이 틀리거나, 너무 길거나, 어떤 계정에도 쓸 수 없는 값입니다. 새 비밀번호가 `too_short`, `too_common`, `breached`인 경우도 있습니다.',
  invalid_query: '쿼리 매개변수가 없는 이름이거나, 두 번 나오거나, 형식이 잘못되었거나, 발급한 적 없는 커서입니다.',
  challenge_required:
    '시도 횟수가 너무 많고, `TURNSTILE_SECRET`이 설정되어 있습니다. 챌린지를 통과하거나 `Retry-After`초를 기다립니다.',
  too_many_attempts:
    '이 계정에서 시도한 횟수나 이 네트워크에서 보낸 요청이 너무 많습니다. `Retry-After`초를 기다립니다.',
  internal_error: '예상하지 못한 오류입니다. 로그에 요청 id가 있습니다.',
  provider_failed: '로그인 제공자가 응답하지 않았거나 응답이 올바르지 않습니다. 자세한 이유는 로그에 있습니다.',
  identity_without_email:
    '처음 로그인한 다른 서비스 계정에서 사용할 수 있는 이메일 주소를 전달받지 못했습니다. 다른 방법으로 가입한 뒤 연결합니다.',
  identity_not_linked:
    '다른 서비스 계정의 이메일 주소로 가입된 계정이 있지만, 서로 연결되어 있지 않습니다. 다른 방법으로 로그인한 뒤 연결합니다.',
  identity_taken: '다른 서비스 계정이 이미 연결되어 있거나, 같은 서비스의 또 다른 계정이 이미 연결되어 있습니다.',
  not_ready:
    '설정이 없거나 잘못되었습니다. `/ready`에서는 데이터베이스 문제일 수도 있습니다. 약한 시크릿은 `invalid`로 나오며, 이유는 로그와 `doctor`에서 볼 수 있습니다.',
  overloaded: '이 지역에서 한꺼번에 처리할 비밀번호 연산이 너무 많습니다. `Retry-After`초 뒤에 다시 시도합니다.',
  unavailable: '데이터베이스나 도어키퍼가 응답하지 않았습니다. `Retry-After`초 뒤에 다시 시도합니다.',
}
