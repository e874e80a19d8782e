import { expect, it } from 'vitest';
import { readBoot } from './boot';

it('fills what the server did not say', () => {
  expect(readBoot(undefined)).toEqual({ basePath: '/', version: '', title: 'Claude Code Hub', setup: false });
  expect(readBoot({ title: '', basePath: '/gw/', timezone: '' })).toMatchObject({ title: 'Claude Code Hub', basePath: '/gw/' });
});
