/** The migrations of the tables that `core` owns. A feature names its own in its `index.ts`. */
export const MIGRATIONS = [
  '0001_users',
  '0002_sessions',
  '0003_audit',
  '0004_one_time_tokens',
  '0005_outbox',
  '0006_operators',
  '0007_webhooks',
  '0008_epoch',
  '0009_outbox_line',
  '0010_spent',
  '0011_second_factor',
  '0015_undo',
  '0019_oauth',
  '0020_invitations',
  '0021_documents',
]
