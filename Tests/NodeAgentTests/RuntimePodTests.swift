import NodeInterfaces
import ObjectModel
import Testing

@Suite struct RuntimePodTests {
    @Test func numbersTellTheNewestWhenTheClockWasSteppedBack() {
        var older = PodFixture.exited("web", code: 1, attempt: 0)
        older.createdAt = PodFixture.now + .seconds(3600)
        let newer = PodFixture.running("web", attempt: 1)
        var first = PodFixture.sandbox(ready: false, attempt: 0)
        first.createdAt = PodFixture.now + .seconds(3600)
        let second = PodFixture.sandbox(attempt: 1)
        let pod = RuntimePod(sandboxes: [first, second], containers: [older, newer]).newestFirst
        #expect(pod.containers.map(\.attempt) == [1, 0])
        #expect(pod.sandboxes.map(\.attempt) == [1, 0])
    }
}
