import { betterAuthWorker } from './better-auth-worker.js'

export default betterAuthWorker()
