import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { expiringSet } from '../../../src/core/sessions/expiring-set.ts'
import { randomId } from '../../../src/lib/bytes.ts'

const ids = fc.oneof(fc.string({ maxLength: 40 }), fc.integer({ min: 0, max: 50 }).map(String))

describe('a set of ids that expire', () => {
  it('holds what a Map holds, whatever is added and forgotten, in whatever order', () => {
    const step = fc.oneof(
      fc.record({ id: ids, until: fc.integer({ min: 1, max: 100 }) }),
      fc.record({ now: fc.integer({ min: 0, max: 100 }) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const [set, model] = [expiringSet(), new Map<string, number>()]
        for (const step of steps) {
          if ('id' in step) {
            set.add(step.id, step.until)
            model.set(step.id, Math.max(model.get(step.id) ?? 0, step.until))
          } else {
            set.prune(step.now)
            for (const [id, until] of model) if (until <= step.now) model.delete(id)
          }
        }
        expect(set.size()).toBe(model.size)
        const asked = [...steps.flatMap((step) => ('id' in step ? [step.id] : [])), 'never added']
        expect(asked.filter(set.has)).toEqual(asked.filter((id) => model.has(id)))
      }),
    )
  })

  it('holds a million in under 32 MB, none of them lost, and takes no other for one of them', () => {
    const set = expiringSet()
    const sample: string[] = []
    for (let i = 0; i < 1_000_000; i++) {
      const id = randomId()
      if (i % 1_000 === 0) sample.push(id)
      set.add(id, 100)
    }
    expect(set.size()).toBe(1_000_000)
    expect(set.bytes()).toBeLessThan(32_000_000)
    expect(sample.every(set.has)).toBe(true)
    for (let i = 0; i < 100_000; i++) expect(set.has(randomId())).toBe(false)
    set.prune(100)
    expect([set.size(), set.bytes() < 100_000]).toEqual([0, true])
  })

  it('tells ids apart that differ in little', () => {
    const set = expiringSet()
    for (let i = 0; i < 100_000; i++) set.add(`session-${i}`, 100)
    expect(set.size()).toBe(100_000)
    expect(set.has('session-100000')).toBe(false)
  })

  it('stores an entry even for a time that no row should have', () => {
    const set = expiringSet()
    for (const until of [0, -5, 2 ** 40]) set.add(`until ${until}`, until)
    expect(['until 0', 'until -5', `until ${2 ** 40}`].every(set.has)).toBe(true)
  })
})
