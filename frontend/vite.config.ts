/** Builds the panel's pages into the Python package; in development a mock server answers instead of the panel. */
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'
import { mockPanel } from './mock/plugin.mjs'

export default defineConfig({
  base: './',
  plugins: [vue(), mockPanel()],
  build: {
    outDir: '../src/qmt_trading/panel/pages',
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
  },
  test: { environment: 'happy-dom', include: ['src/**/*.test.ts'] },
})
