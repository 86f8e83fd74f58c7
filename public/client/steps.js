export function routeOf(step) {
    if (!('ticket' in step) || 'password' in step)
        return { path: '/user/login', body: step };
    const { ticket } = step;
    if ('totp' in step)
        return { path: '/user/login/totp', body: { ticket, code: step.totp } };
    if ('recovery' in step)
        return { path: '/user/login/recovery', body: { ticket, code: step.recovery } };
    if ('code' in step)
        return { path: '/user/login/code/verify', body: { ticket, code: step.code } };
    return { path: '/user/login/passkey', body: { ticket, credential: step.credential } };
}
