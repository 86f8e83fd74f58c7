import type { Config } from '../../src/config.ts'

/** What each setting means, in Korean. In English it is the docstring in `src/config.ts`. */
export const settingsInKorean: Record<keyof Config, string> = {
  JWT_SECRET_KEY:
    '액세스 토큰에 서명하는 키입니다(HS256). 32바이트 이상이어야 합니다. 토큰을 검증하는 다른 서비스와 공유해도 됩니다.',
  JWT_SECRET_KEY_PREVIOUS:
    '교체하기 전의 키입니다. 이 키로 서명한 토큰은 만료될 때까지 유효하지만, 새 토큰에 서명할 때는 쓰지 않습니다.',
  LATCHKEY_SECRET:
    '32바이트 이상이어야 하며, 누구와도 공유하지 않습니다. 리프레시 토큰, 기기 토큰, 발송을 기다리는 메일의 링크를 암호화하는 키, 도어키퍼(Doorkeeper)의 이름을 이 값에서 파생합니다. 설정하지 않으면 `JWT_SECRET_KEY`에서 파생하며, `doctor`가 경고합니다.',
  LATCHKEY_SECRET_PREVIOUS: '교체하기 전의 값입니다. 이 값으로 만든 리프레시 토큰과 메일은 계속 유효합니다.',
  JWT_ISSUER: '`JWT_SECRET_KEY`로 서명한 토큰의 `iss` 클레임입니다. 값이 다른 토큰은 거부합니다.',
  JWT_AUDIENCE:
    '`aud` 클레임입니다. 설정하면 이 값이 없는 토큰을 거부하며, PyJWT로 검증하는 쪽에서도 이 값을 지정해야 합니다. `ACCESS_TOKEN_ALG`가 `ES256`일 때 설정하지 않으면 `PUBLIC_URL`입니다.',
  LEGACY_TOKENS_UNTIL:
    '`2026-12-31T00:00:00Z` 형식의 시각입니다. 이때까지는 이전 애플리케이션의 토큰(`user_id`와 `exp`만 있는 토큰)도 `loginRequired`를 통과합니다. 대신 요청마다 데이터베이스를 한 번 읽습니다.',
  SIGNING_KEYS:
    '공개 키를 `/oauth/jwks`에서 제공하는 서명 키입니다. ES256용과 RS256용을 하나 이상씩 넣은 비공개 JWK의 JSON 배열이며, 값 전체가 시크릿입니다. `npm run latchkey -- secret rotate signing`으로 만들고 교체합니다. 설정하지 않으면 다른 애플리케이션에서 이 서비스로 로그인할 수 없습니다.',
  CLIENT_ID_METADATA_DOCUMENTS:
    '등록하지 않아도 이 서비스의 로그인을 쓸 수 있는 애플리케이션의 호스트입니다. 쉼표나 공백으로 구분합니다(예: `claude.ai chatgpt.com`). `*`는 모든 호스트를 뜻하고, `-evil.example`처럼 쓰면 그 호스트는 제외합니다. 이런 애플리케이션은 자신을 설명하는 문서의 주소를 `client_id`로 쓰며, 이 서비스가 그 문서를 가져옵니다. docs/applications.ko.md를 참고하세요.',
  TEST_DOCUMENTS_URL:
    '테스트용 설정으로, 이 문서들을 실제 호스트 대신 가져올 로컬 주소입니다. `https://claude.ai/app.json` 문서는 `<이 주소>/claude.ai/app.json`에서 가져옵니다.',
  ACCESS_TOKEN_ALG:
    '이 서비스의 액세스 토큰에 서명하는 알고리즘으로, `HS256`이나 `ES256`입니다. `ES256`이면 다른 서비스는 공개 키로 토큰을 검증할 수만 있고 만들 수는 없습니다. `SIGNING_KEYS`와 `PUBLIC_URL`이 필요하며, `iss`는 `PUBLIC_URL`이 됩니다.',
  HS256_TOKENS_UNTIL:
    '`2026-12-31T00:00:00Z` 형식의 시각입니다. `ACCESS_TOKEN_ALG`가 `ES256`이면 `JWT_SECRET_KEY`로 서명한 토큰은 이때까지만 유효합니다. 설정하지 않으면 바로 거부합니다.',
  ACCESS_TOKEN_TTL_SECONDS: '액세스 토큰의 유효 기간입니다(초, 60~2592000). 기본값은 Flask 튜토리얼과 같은 하루입니다.',
  SESSION_TTL_SECONDS:
    '세션의 최대 수명입니다(초). 아무리 자주 갱신해도 로그인한 지 이 시간이 지나면 세션이 종료됩니다.',
  SESSION_IDLE_SECONDS:
    '세션의 유휴 제한 시간입니다(초). 마지막으로 갱신한 지 이 시간이 지나면 더는 갱신할 수 없습니다.',
  KEEP_SIGNED_IN:
    '로그인 폼의 "로그인 상태 유지"를 처음부터 선택해 두려면 `on`, 아니면 `off`입니다. 이 항목이 없는 자체 폼에도 이 값을 적용합니다. 선택하지 않고 로그인하면 브라우저를 닫을 때 로그아웃됩니다.',
  REFRESH_GRACE_SECONDS:
    '방금 교체된 리프레시 토큰으로도 새 토큰을 받을 수 있는 유예 시간입니다(초, 0~300). 탭을 두 개 열어 둔 경우를 위한 설정입니다.',
  REVOCATION_MAX_AGE_SECONDS: '다른 곳에서 폐기된 세션을 isolate가 알게 되기까지 걸리는 최대 시간입니다(초, 1~60).',
  REVOCATION_FEED_SECRET:
    '`GET /revoked`를 호출할 때 쓰는 시크릿입니다. 32바이트 이상이어야 하며, 설정하지 않으면 이 라우트가 생기지 않습니다.',
  REGISTRATION: '누구나 가입할 수 있으면 `open`, 아니면 `closed`입니다.',
  SECOND_FACTOR:
    '2단계 인증을 꼭 써야 하는 사용자입니다. `optional`이면 원하는 사람만 쓰고, `admins`이면 `admin`이나 `support` 역할이 있는 사용자, `everyone`이면 모두가 써야 합니다. `off`이면 아무도 새로 설정할 수 없습니다. 이미 쓰고 있는 사람에게는 항상 2단계 인증을 요구합니다.',
  LOGIN_CODES:
    '이메일 인증 코드로 로그인할 수 있으면 `on`, 아니면 `off`입니다. `PUBLIC_URL`과 `LATCHKEY_SECRET`이 필요합니다. 인증 수단을 등록하기 전에 확인하는 인증 코드는 이 설정과 관계없이 보냅니다.',
  CODE_REGISTERS:
    '`on`으로 두고 `REGISTRATION`이 `open`이면, 가입되지 않은 주소로도 인증 코드를 보내고, 인증 코드를 입력하면 계정을 만듭니다. 이때 주소 인증까지 끝나며, 계정에는 비밀번호가 없습니다.',
  GOOGLE_CLIENT_ID:
    'Google 로그인에 쓰는 OAuth 클라이언트 ID입니다. 제공자마다 필요한 설정과 `PUBLIC_URL`, `LATCHKEY_SECRET`이 모두 있어야 로그인 버튼이 나타납니다.',
  GOOGLE_CLIENT_SECRET: '`GOOGLE_CLIENT_ID`의 클라이언트 시크릿입니다.',
  APPLE_CLIENT_ID: 'Apple 로그인에 쓰는 Services ID입니다.',
  APPLE_TEAM_ID: '키를 소유한 팀의 ID입니다.',
  APPLE_KEY_ID: '키의 ID입니다.',
  APPLE_PRIVATE_KEY: '`.p8` 파일의 내용입니다. 줄바꿈은 `\\n`으로 써도 됩니다.',
  MICROSOFT_CLIENT_ID: 'Microsoft 로그인에 쓰는 애플리케이션 ID입니다.',
  MICROSOFT_CLIENT_SECRET: '`MICROSOFT_CLIENT_ID`의 클라이언트 시크릿입니다.',
  MICROSOFT_TENANT:
    '로그인할 수 있는 계정의 범위입니다. 특정 테넌트만 허용하려면 그 테넌트 ID, 회사와 학교 계정만 허용하려면 `organizations`, 개인 계정만 허용하려면 `consumers`, 회사와 학교, 개인 계정을 모두 허용하려면 `common`입니다.',
  GITHUB_CLIENT_ID: 'GitHub 로그인에 쓰는 OAuth 앱의 클라이언트 ID입니다.',
  GITHUB_CLIENT_SECRET: '`GITHUB_CLIENT_ID`의 클라이언트 시크릿입니다.',
  KAKAO_CLIENT_ID: '카카오 로그인에 쓰는 REST API 키입니다.',
  KAKAO_CLIENT_SECRET: '`KAKAO_CLIENT_ID`의 클라이언트 시크릿입니다.',
  NAVER_CLIENT_ID: '네이버 로그인에 쓰는 클라이언트 ID입니다.',
  NAVER_CLIENT_SECRET: '`NAVER_CLIENT_ID`의 클라이언트 시크릿입니다.',
  OIDC_ISSUER: '그 밖의 OpenID 제공자로 로그인할 때 쓰는 발급자(issuer)입니다. 이 주소에서 제공자의 설정을 찾습니다.',
  OIDC_CLIENT_ID: '그 제공자에 등록한 클라이언트 ID입니다.',
  OIDC_CLIENT_SECRET: '`OIDC_CLIENT_ID`의 클라이언트 시크릿입니다.',
  OIDC_NAME: '로그인 버튼에 표시할 그 제공자의 이름입니다.',
  OIDC_TRUST_EMAIL:
    '그 제공자가 보내는 `email_verified`를 믿으면 `on`, 아니면 `off`입니다. `on`이면 그 제공자를 운영하는 사람은 여기에서 주소를 인증한 모든 계정에 로그인할 수 있습니다.',
  OIDC_ORIGINS:
    '그 제공자의 엔드포인트가 있을 수 있는 다른 출처입니다. 쉼표나 공백으로 구분합니다. 이 출처와 발급자 이외의 곳으로는 요청을 보내지 않습니다.',
  TEST_PROVIDERS_URL:
    '테스트용입니다. Google처럼 주소가 정해진 제공자를 대신하는 서버의 주소이며, 로컬 주소만 쓸 수 있습니다. 예를 들어 Google 대신 `<이 주소>/google` 아래의 같은 경로로 요청합니다.',
  PASSWORD_MIN_LENGTH: '새 비밀번호의 최소 글자 수입니다(8~64).',
  BREACHED_PASSWORDS_URL:
    '새 비밀번호가 유출된 적이 있는지 조회할 주소입니다. `https://api.pwnedpasswords.com/range/`나 그 사본을 지정합니다. 이 주소로는 SHA-1 해시의 다섯 자리만 보냅니다. 1초 안에 응답이 없으면 그 비밀번호를 허용합니다.',
  PUBLIC_URL:
    '`https://login.example.com`처럼 사용자가 이 서비스에 접속하는 주소입니다. 메일의 링크는 요청 헤더를 보지 않고 이 값으로만 만듭니다.',
  APP_NAME: '메일과 페이지에 표시할 서비스 이름입니다.',
  APP_LOGO_URL:
    '페이지와 메일에 서비스 이름 대신 표시할 이미지입니다. `https` 주소나 이 사이트의 경로를 지정합니다. 지정하면 페이지에서 그 출처의 이미지를 불러올 수 있습니다.',
  APP_COLOR:
    '페이지와 메일의 버튼 색입니다. `"#1d4ed8"` 형식으로 지정합니다. 버튼의 글자색은 검은색과 흰색 중 잘 읽히는 쪽으로 정해집니다.',
  ALLOWED_RETURN_URLS:
    '로그인 페이지에서 이동할 수 있는 주소이며, 쉼표나 공백으로 구분합니다. `/login?return_to=<주소>`가 이 중 하나와 정확히 일치해야 하고, 다른 값은 무시합니다.',
  MAIL_DRIVER: '`binding`(`EMAIL` 바인딩), `http`(`MAIL_URL`), `console`(메일을 링크까지 로그에 출력) 중 하나입니다.',
  MAIL_URL:
    '메일을 보낼 때마다 `{from, to, subject, text, html}`을 POST로 받는 주소입니다. 설정하면 `http` 드라이버를 씁니다.',
  MAIL_TOKEN: '`MAIL_URL`에 Bearer 토큰으로 보내는 값입니다.',
  MAIL_FROM: '모든 메일의 발신 주소입니다.',
  WEBHOOK_URL:
    '이벤트를 POST로 보낼 주소입니다(Standard Webhooks). https 주소나 로컬 주소여야 합니다. docs/operations.md를 참고하세요.',
  WEBHOOK_SECRET:
    '이벤트에 서명하는 시크릿입니다. `whsec_` 뒤에 24~64바이트를 base64로 적습니다. 교체하는 동안에는 두 개를 공백으로 구분해 적습니다. `WEBHOOK_URL`을 설정했으면 필수입니다.',
  AUDIT_RETENTION_DAYS: '감사 로그를 보관하는 기간입니다(일).',
  REQUEST_LOG:
    '`all`이면 모든 요청을, `errors`이면 429와 5xx를, `off`이면 5xx만 한 줄씩 로그에 남깁니다. 5xx는 항상 남깁니다.',
  SERVER_TIMING:
    '`on`이면 데이터베이스와 도어키퍼에 걸린 시간을 응답의 `Server-Timing`에 표시합니다. 외부에 필요 이상의 정보를 드러내므로 개발할 때만 씁니다.',
  TRUSTED_BACKENDS:
    '사용자를 대신해 요청하면서 그 사용자의 IP 주소를 알려 줄 수 있는 백엔드입니다. `이름:시크릿`을 쉼표나 공백으로 구분해 적고, 시크릿은 각각 32바이트 이상이어야 합니다. 이 설정 자체도 시크릿입니다. docs/clients.md#a-back-end-that-signs-people-in를 참고하세요.',
  TURNSTILE_SECRET:
    'Cloudflare Turnstile의 시크릿 키입니다. 설정하면 대기해야 하는 클라이언트가 기다리는 대신 챌린지를 통과하고 그 결과를 `turnstile_token`으로 보낼 수 있습니다. `TURNSTILE_SITE_KEY`도 설정하면 호스팅 로그인 페이지가 챌린지를 표시합니다.',
  TURNSTILE_SITE_KEY:
    '`TURNSTILE_SECRET`과 짝이 되는 사이트 키이며, 공개해도 되는 값입니다. 설정하지 않으면 직접 만든 로그인 페이지에서만 챌린지를 표시할 수 있습니다.',
  TURNSTILE_HOSTNAMES:
    '챌린지를 표시할 수 있는 로그인 폼의 호스트이며, 쉼표나 공백으로 구분합니다. 설정하지 않으면 `PUBLIC_URL`과 `ALLOWED_ORIGINS`의 호스트입니다. 위젯의 `data-action`은 `login`이어야 합니다.',
  TURNSTILE_VERIFY_URL: '챌린지를 통과했는지 검증하는 주소입니다.',
  DOORKEEPER_LOCATION:
    '계정별로 로그인 시도를 세고 비밀번호를 비교하는 Durable Object인 도어키퍼를 생성할 지역입니다. `wnam`, `enam`, `sam`, `weur`, `eeur`, `apac`, `oc`, `afr`, `me` 중에서 데이터베이스와 가까운 곳을 고릅니다. 첫 요청을 보낸 쪽이 공격자일 수 있으므로, 요청한 위치를 따르지 않고 이 값으로 정합니다.',
  BCRYPT_COST:
    'bcrypt 반복 횟수의 log2 값입니다(10~16). 1이 커질 때마다 연산량이 두 배가 됩니다. 12는 Python `gensalt()`의 기본값입니다. 테이블에 있는 해시 중 가장 높은 비용(cost)에 맞춥니다.',
  ALLOWED_ORIGINS:
    '브라우저에서 이 서비스를 호출할 수 있는 페이지의 출처(origin)입니다. `https://app.example https://www.example`처럼 쉼표나 공백으로 구분합니다.',
}
