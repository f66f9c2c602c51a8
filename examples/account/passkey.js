// Asks the browser for a passkey, puts it into the form, and sends the form.
const form = document.getElementById('passkey')
const failed = document.getElementById('failed')

form.addEventListener('submit', async (event) => {
  if (form.elements.credential.value) return
  event.preventDefault()
  failed.textContent = ''
  try {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(form.dataset.options))
    const credential = await navigator.credentials.create({ publicKey })
    form.elements.credential.value = JSON.stringify(credential.toJSON())
    form.submit()
  } catch (error) {
    failed.textContent = {
      NotAllowedError: 'Nothing was made: you said no, or took too long. Try again.',
      InvalidStateError: 'This device has a passkey for your account already.',
      SecurityError: 'The administrator has not set up passkeys for this address.',
    }[error.name] ?? 'This browser cannot make a passkey.'
  }
})
