import { expect, it } from 'vitest';
import { ApiError } from '@/api/error';
import { fieldErrors } from './field-errors';

it('says of each field what is wrong, and where in it', () => {
  const invalidParams = [
    { path: ['name'], code: 'too_short', message: 'is empty' },
    { path: ['operations', 2, 'matcher', 'value'], message: 'is required' },
    { path: ['operations', 3, 'op'], code: 'invalid_choice' },
    { path: [], message: 'nowhere' },
  ];
  expect(fieldErrors(new ApiError(400, { invalidParams }))).toEqual({
    name: 'is empty',
    operations: '[2].matcher.value is required; [3].op invalid_choice',
  });
});

it('has nothing to say of other failures', () => {
  expect(fieldErrors(new ApiError(409, { invalidParams: [{ path: ['name'] }] }))).toEqual({});
  expect(fieldErrors(new Error('x'))).toEqual({});
});
