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

    /// A list takes a while, and what is made meanwhile is not in it.
    @Test func whatCameAfterAListWasAskedForIsKept() {
        let seen = SeenObjects()
        for number in 0..<2 { pod(number, in: seen) }
        let known = seen.ids
        pod(2, in: seen)
        seen.keep(["s0", "a0", "b0"], of: known)
        #expect(seen.owner(of: "a0") != nil && seen.isStartedHere("a0"))
        #expect(seen.owner(of: "a1") == nil && !seen.isStartedHere("a1") && seen.owner(of: "s1") == nil)
        #expect(seen.owner(of: "a2") != nil && seen.isStartedHere("a2") && seen.owner(of: "s2") != nil)
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
