import NodeInterfaces
import ObjectModel
import Testing

@testable import CRIRuntime

@Suite struct SeenObjectsTests {
    private let time = Timestamp(seconds: 1_800_000_000)

    private func pod(_ number: Int, in seen: SeenObjects) {
        let identity = PodIdentity(name: NamespacedName(namespace: "default", name: "web-\(number)"), uid: "u\(number)")
        seen.note("s\(number)", .init(podUID: identity.uid, isSandbox: true))
        seen.note(SandboxStatus(id: "s\(number)", pod: identity, attempt: 0, isReady: true, createdAt: time))
        for name in ["a", "b"] {
            let id = "\(name)\(number)"
            seen.noteStart(id)
            seen.note(id, .init(podUID: identity.uid, isSandbox: false))
            seen.note(
                ContainerState(
                    id: id, sandboxID: "s\(number)", podUID: identity.uid, name: name, attempt: 0, image: "i",
                    imageID: "i", createdAt: time, phase: .created))
        }
    }

    @Test func whatWasRemovedIsForgotten() {
        let seen = SeenObjects()
        pod(0, in: seen)
        for number in 1...100 {
            pod(number, in: seen)
            seen.forget("a\(number)")
            #expect(seen.owner(of: "a\(number)") == nil)
            #expect(!seen.isStartedHere("a\(number)") && seen.isStartedHere("b\(number)"))
            #expect(seen.owner(of: "b\(number)")?.podUID == "u\(number)")
            // With what is in it.
            seen.forget("s\(number)")
        }
        #expect(seen.count == 8)
        #expect(seen.owner(of: "a0")?.podUID == "u0")
    }
}
