// clerk.js — stands in for Clerk's browser script, which cannot be had without Clerk's network. The real @clerk/nextjs loads it
// through its own setting for the script's address and finds the few things that it and the call button use. Who signs in
// is asked of the issuer that served this file.
;(() => {
  const issuer = new URL(document.currentScript?.src ?? document.querySelector('script[data-clerk-js-script]').src).origin
  const statusListeners = new Set()
  const listeners = new Set()
  const ask = async (path, body) => (await fetch(issuer + path, { method: 'POST', body: JSON.stringify(body) })).json()
  // The page's server reads who is signed in from these, on the page's own origin.
  const remember = (token, since) => {
    document.cookie = `__session=${token}; path=/; samesite=lax`
    document.cookie = `__client_uat=${since}; path=/; samesite=lax`
  }
  const resources = () => ({ client: clerk.client, session: clerk.session, user: clerk.user, organization: null })

  function emit() {
    clerk.__internal_lastEmittedResources = resources()
    for (const listener of [...listeners]) listener(clerk.__internal_lastEmittedResources)
  }
  function become(session) {
    clerk.session = session
    clerk.user = session && session.user
    clerk.client = { signedInSessions: session ? [session] : [], sessions: session ? [session] : [] }
    emit()
  }
  const KEPT = 'stand-in' // over reloads, as Clerk's own cookie does
  async function signIn() {
    const session = await ask('/sign-in', { origin: location.origin })
    localStorage.setItem(KEPT, JSON.stringify(session))
    enter(session)
    await window.__internal_onAfterSetActive?.()
  }
  function enter({ id, userId, since, token }) {
    remember(token, since)
    become({
      id,
      status: 'active',
      user: { id: userId, organizationMemberships: [] },
      lastActiveToken: { jwt: { claims: JSON.parse(atob(token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/'))) } },
      getToken: async () => {
        const fresh = await ask('/tokens', { id, origin: location.origin })
        remember(fresh.token, since)
        return fresh.token
      },
    })
  }

  const clerk = {
    version: 'stand-in',
    loaded: false,
    status: 'loading',
    session: undefined,
    user: undefined,
    client: undefined,
    on(event, listener, { notify = false } = {}) {
      if (event !== 'status') return
      statusListeners.add(listener)
      if (notify) listener(clerk.status)
    },
    off(event, listener) {
      if (event === 'status') statusListeners.delete(listener)
    },
    addListener(listener, { skipInitialEmit = false } = {}) {
      listeners.add(listener)
      if (!skipInitialEmit && clerk.loaded) listener(resources())
      return () => listeners.delete(listener)
    },
    load() {
      clerk.loaded = true
      clerk.status = 'ready'
      const kept = localStorage.getItem(KEPT)
      if (kept === null) become(null)
      else enter(JSON.parse(kept))
      for (const listener of [...statusListeners]) listener('ready')
      return Promise.resolve()
    },
    openSignIn() {
      const dialog = document.createElement('dialog')
      dialog.setAttribute('aria-label', 'Sign in to Acme')
      const button = document.createElement('button')
      button.textContent = 'Continue as Anna'
      button.onclick = async () => {
        dialog.remove()
        await signIn()
      }
      dialog.append(button)
      document.body.append(dialog)
      dialog.showModal()
    },
    async signOut() {
      localStorage.removeItem(KEPT)
      document.cookie = '__session=; path=/; max-age=0'
      document.cookie = '__client_uat=0; path=/'
      become(null)
      await window.__internal_onAfterSetActive?.()
    },
    __internal_updateProps: () => Promise.resolve(),
  }
  window.Clerk = clerk
  window.__internal_ClerkUICtor = class {}
})()
