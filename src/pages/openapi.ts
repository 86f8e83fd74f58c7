import type { Pages } from '../openapi.ts'

/** What all pages share. */
export const pages: Pages = {
  'GET /brand.css': {
    answer: {
      en: '200: what `APP_COLOR` changes in the stylesheet',
      ko: '200: 스타일시트에서 `APP_COLOR`에 따라 달라지는 부분',
    },
  },
}
