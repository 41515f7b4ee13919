// next.config.ts — hands the call API of this site to offhook, so that the button finds it on its own origin.
import type { NextConfig } from 'next';

const offhook = process.env.OFFHOOK_URL ?? 'http://localhost:7880';

const config: NextConfig = {
  poweredByHeader: false,
  rewrites: () => Promise.resolve([{ source: '/api/voice/:path*', destination: `${offhook}/api/voice/:path*` }]),
};

export default config;
