// vite.config.ts — hands the call API of this site to offhook, so that the button finds it on its own origin.
import { defineConfig } from 'vite';
import react from '@vitejs/plugin-react';

const proxy = { '/api/voice': process.env.OFFHOOK_URL ?? 'http://localhost:7880' };

export default defineConfig({
  plugins: [react()],
  server: { proxy },
  preview: { proxy },
});
