// vite.config.ts — hands what belongs to calls on to offhook: the button finds everything on the page's own origin.
import { defineConfig } from 'vite';
import react from '@vitejs/plugin-react';

const offhook = process.env.OFFHOOK_URL ?? 'http://localhost:7880';
// In this form the Host field stays the page's own, by which offhook knows that nobody else asks.
const proxy = { '/api/voice': { target: offhook }, '/rtc': { target: offhook, ws: true } };

export default defineConfig({
  plugins: [react()],
  server: { proxy },
  preview: { proxy },
});
