// What script adds to the pages; each works without it. Passwords can be shown, times are told in the reader's own zone.

const passwords = document.querySelectorAll('input[type=password]')
for (const input of passwords) {
  const button = document.createElement('button')
  const show = (shown) => {
    input.type = shown ? 'text' : 'password'
    button.textContent = document.body.dataset[shown ? 'hide' : 'show']
    if (passwords.length > 1) button.ariaLabel = `${button.textContent}: ${input.labels[0].textContent}`
  }
  button.type = 'button'
  button.className = 'show'
  button.setAttribute('aria-controls', input.id)
  button.addEventListener('click', () => show(input.type === 'password'))
  input.form.addEventListener('submit', () => show(false)) // so that no browser keeps the password as a word
  show(false)
  input.after(button)
}
for (const time of document.querySelectorAll('time'))
  time.textContent = new Date(time.dateTime).toLocaleString(document.documentElement.lang, {
    dateStyle: 'medium',
    timeStyle: 'short',
  })
