// What script does for the passkey forms of the pages. Without it, or without WebAuthn, they stay hidden.

/* JSON of WebAuthn Level 3, sections 5.1.7 to 5.1.10. The browser's own helpers are not used: Safari has them since 18.4
   only, and several password managers answer with objects on which `toJSON` throws "Illegal invocation". */

const bytesOf = (text) =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0))

const textOf = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')

const withBytes = (named) => named && { ...named, id: bytesOf(named.id) }

const optionsOf = ({ challenge, user, allowCredentials, excludeCredentials, ...rest }) => ({
  ...rest,
  challenge: bytesOf(challenge),
  user: withBytes(user),
  allowCredentials: allowCredentials?.map(withBytes),
  excludeCredentials: excludeCredentials?.map(withBytes),
})

const BINARY = ['clientDataJSON', 'attestationObject', 'authenticatorData', 'signature', 'userHandle']

const jsonOf = ({ id, rawId, type, authenticatorAttachment, response }) => ({
  id,
  rawId: textOf(rawId),
  type,
  authenticatorAttachment: authenticatorAttachment ?? undefined,
  clientExtensionResults: {}, // none is asked for
  response: {
    ...Object.fromEntries(BINARY.filter((name) => response[name]).map((name) => [name, textOf(response[name])])),
    transports: response.getTransports?.(),
  },
})

/** Which text explains an error of the browser. Any other one is `failed`. */
const REASONS = { NotAllowedError: 'cancelled', InvalidStateError: 'known', SecurityError: 'elsewhere' }

/** Seconds. New options are fetched this long before the old ones expire. */
const MARGIN = 30

/** One form: `data-passkey` is `get` or `create`, `data-options` the address of its options. */
function enable(form) {
  const { passkey: action, options: address, autofill } = form.dataset
  const { ticket } = form.elements
  const button = form.querySelector('button')
  const status = form.querySelector('[role=status]')
  let offered // a promise of options, fetched ahead, because Safari forgets a click while it waits for the network
  let isBusy = false
  let listening // the request that waits for autofill, and what stops it

  async function fetchOptions() {
    const answer = await fetch(address, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(ticket?.value ? { ticket: ticket.value } : {}),
    })
    if (!answer.ok) throw new Error(`${address} answered ${answer.status}`)
    const { expires_in: seconds = 300, ...options } = await answer.json()
    setTimeout(renew, (seconds - MARGIN) * 1_000)
    return { ...options, until: Date.now() + seconds * 1_000 }
  }

  function offer() {
    offered = fetchOptions()
    offered.then(listen).catch(() => {}) // the button tells it
  }

  /** Not for a tab in the background, and not for the second step of a sign-in, whose end no step moves. */
  function renew() {
    if (ticket?.value) return
    if (document.hidden) document.addEventListener('visibilitychange', renew, { once: true })
    else if (!isBusy) offer()
  }

  async function usable() {
    const options = await offered.catch(() => undefined)
    if (options && options.until > Date.now()) return options
    offered = fetchOptions()
    return offered
  }

  /** Waits for a passkey that is chosen in the email field (conditional mediation). */
  async function listen() {
    if (autofill === undefined || !(await PublicKeyCredential.isConditionalMediationAvailable?.())) return
    const options = await offered
    await hush()
    if (isBusy) return
    const controller = new AbortController()
    const { signal } = controller
    const request = { mediation: 'conditional', signal, publicKey: optionsOf(options.publicKey) }
    const ended = navigator.credentials.get(request).then(
      (chosen) => send(chosen, options),
      () => {}, // the button and the password are still there
    )
    listening = { controller, ended }
  }

  /** A browser allows one request at a time. A password manager in its place may never say that it stopped. */
  async function hush() {
    listening?.controller.abort()
    await Promise.race([listening?.ended, new Promise((done) => setTimeout(done, 500))])
  }

  function send(chosen, { ticket: own }) {
    isBusy = button.disabled = true
    const box = document.querySelector('[type=checkbox][name=keep]') // of the form beside it
    const keep = box && { keep: box.checked ? 'on' : 'off' }
    const shown = { challenge: own ?? '', credential: JSON.stringify(jsonOf(chosen)), ...keep }
    for (const [name, value] of Object.entries(shown))
      form.append(Object.assign(document.createElement('input'), { type: 'hidden', name, value }))
    form.submit()
  }

  async function press() {
    isBusy = button.disabled = true
    status.textContent = ''
    try {
      await hush()
      const options = await usable()
      send(await navigator.credentials[action]({ publicKey: optionsOf(options.publicKey) }), options)
    } catch (error) {
      status.textContent = status.dataset[REASONS[error.name] ?? 'failed']
      isBusy = button.disabled = false
      button.focus()
      listen().catch(() => {})
    }
  }

  button.addEventListener('click', press)
  form.hidden = false
  form.parentElement.querySelector('[data-without]')?.remove()
  offer()
}

if (window.PublicKeyCredential) {
  for (const form of document.querySelectorAll('form[data-passkey]')) enable(form)
  // The Signal API keeps the person's password manager true, where the browser has it.
  for (const { dataset } of document.querySelectorAll('[data-signal]'))
    PublicKeyCredential[dataset.signal]?.(JSON.parse(dataset.about)).catch(() => {})
  // A page that comes back from the history may hold a challenge that was used.
  addEventListener('pageshow', ({ persisted }) => persisted && location.reload())
}
