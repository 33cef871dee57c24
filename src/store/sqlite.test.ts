import { testStore } from '#test/contract/store.ts';
import { openTestStore } from '#test/store.ts';

testStore({
  name: 'sqlite',
  setup: async () => {
    const opened = await openTestStore();
    return { ...opened, takeOver: () => opened.again({ takeover: true }) };
  },
});
