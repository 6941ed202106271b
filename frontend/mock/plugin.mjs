/** In `npm run dev` the mock panel answers /api; a built page knows nothing of it. */
export function mockPanel() {
  return {
    name: 'mock-panel',
    apply: 'serve',
    async configureServer(server) {
      if (process.env.VITEST) return
      const { createMock } = await import('./panel.mjs')
      const mock = createMock()
      server.middlewares.use((request, response, next) => mock.answer(request, response) || next())
      server.httpServer?.on('upgrade', (request, socket) => mock.upgrade(request, socket))
    },
  }
}
