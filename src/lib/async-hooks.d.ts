/** The part of Node's module that is used. Node's full types would declare names that the Worker does not have. */
declare module 'node:async_hooks' {
  export class AsyncLocalStorage<T> {
    run<R>(store: T, callback: () => R): R
    getStore(): T | undefined
  }
}
