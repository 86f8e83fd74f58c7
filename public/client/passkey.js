export async function askPasskey({ ticket, publicKey }, asking = {}) {
    const { PublicKeyCredential, navigator } = globalThis;
    const options = PublicKeyCredential?.parseRequestOptionsFromJSON?.(publicKey);
    if (!options || !navigator?.credentials)
        throw new Error('There are no passkeys here.');
    const credential = await navigator.credentials.get({ publicKey: options, ...asking });
    if (!credential)
        throw new Error('The browser returned no passkey.');
    return { ticket, credential: credential.toJSON() };
}
