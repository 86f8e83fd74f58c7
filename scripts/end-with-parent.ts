/**
 * Loaded first into a process that could outlive its parent. When the parent is gone, the process gets SIGTERM. npm does not
 * pass on SIGHUP, and cannot pass on SIGKILL.
 */
export const parent = process.ppid
setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGTERM'), 500).unref()
