/** The part of Node's module that is used. All of its types would lend the Worker names that it does not have. */
declare module 'node:async_hooks' {
  export class AsyncLocalStorage<T> {
    run<R>(store: T, callback: () => R): R
    getStore(): T | undefined
  }
}
