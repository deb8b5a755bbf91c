import APIProtocol
import APIServer
import ObjectModel
import ObjectStorage
import Schema
import Synchronization
import Testing

@Suite struct ContentionTests {
    private let merge = [("Content-Type", PatchType.merge.rawValue)]

    @Test func aPatchIsMadeAnewWhenAnotherWriteComesBetween() async throws {
        let rival = RivalPlugin(times: 4)
        let server = try TestServer(admission: [rival])
        rival.store.withLock { $0 = server.store }
        _ = try await server.call(.post, configMaps, Sample.configMap("a"))
        let reply = try await server.call(.patch, "\(configMaps)/a", ["data": ["mine": "1"]], headers: merge)
        #expect(reply.code == 200)
        #expect(reply.value["data"] == ["rival": "4", "mine": "1"])
    }

    @Test(arguments: [HTTPMethod.patch, .put, .delete])
    func onlyWhoNamesARevisionLosesARace(_ method: HTTPMethod) async throws {
        let rival = RivalPlugin(times: 100)
        let server = try TestServer(admission: [rival])
        rival.store.withLock { $0 = server.store }
        _ = try await server.call(.post, configMaps, Sample.configMap("a"))
        var body = method == .delete ? .emptyObject : Sample.configMap("a", data: ["mine": "1"])
        let headers = method == .patch ? merge : []
        let version: Value = .string(try await server.call(.get, "\(configMaps)/a").value.revision?.description ?? "")
        let plain = body
        body[method == .delete ? "preconditions" : "metadata", "resourceVersion"] = version
        let lost = try await server.call(method, "\(configMaps)/a", body, headers: headers)
        #expect(lost.code == 409)
        #expect(lost.reason == "Conflict")
        #expect(try await server.call(.get, "\(configMaps)/a").value["data"] == ["rival": "1"])
        #expect(try await server.call(method, "\(configMaps)/a", plain, headers: headers).code == 200)
        let stored = try await server.call(.get, "\(configMaps)/a")
        #expect(method == .delete ? stored.code == 404 : stored.value["data"]?["mine"] == "1")
    }

    @Test func aRaceThatIsNeverWonEndsWithTheTimeOfTheRequest() async throws {
        let rival = RivalPlugin(times: .max)
        let server = try TestServer(admission: [rival])
        rival.store.withLock { $0 = server.store }
        _ = try await server.call(.post, configMaps, Sample.configMap("a"))
        server.clock.startJumping()
        let patch = try await server.call(.patch, "\(configMaps)/a", ["data": ["mine": "1"]], headers: merge)
        #expect(patch.code == 504)
        #expect(try await server.call(.delete, "\(configMaps)/a").code == 504)
    }

    @Test func aPatchWithARevisionIsNotMadeAnew() async throws {
        let rival = RivalPlugin(times: 1)
        let server = try TestServer(admission: [rival])
        rival.store.withLock { $0 = server.store }
        _ = try await server.call(.post, configMaps, Sample.configMap("a"))
        let patch: Value = ["metadata": ["resourceVersion": "1"], "data": ["mine": "1"]]
        #expect(try await server.call(.patch, "\(configMaps)/a", patch, headers: merge).code == 409)
        let stored = try await server.call(.get, "\(configMaps)/a")
        #expect(stored.value["data"] == ["rival": "1"])
    }

    @Test func concurrentPatchesLoseNothing() async throws {
        let server = try TestServer()
        _ = try await server.call(.post, configMaps, Sample.configMap("a"))
        let accepted = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<40 {
                group.addTask {
                    let patch: Value = ["data": ["k\(number)": "v"]]
                    let reply = try await server.call(
                        .patch, "\(configMaps)/a", patch, headers: [("Content-Type", PatchType.merge.rawValue)])
                    return reply.code == 200 ? 1 : 0
                }
            }
            return try await group.reduce(0, +)
        }
        let stored = try await server.call(.get, "\(configMaps)/a")
        #expect(accepted == 40)
        #expect(stored.value["data"]?.fields?.count == 40)
    }

    @Test func aRequestThatTakesTooLongIs504() async throws {
        let server = try TestServer(admission: [StuckPlugin()])
        server.clock.startJumping()
        let reply = try await server.call(.post, configMaps, Sample.configMap("a"))
        #expect(reply.code == 504)
        #expect(reply.reason == "Timeout")
        #expect(reply.message == "Timeout: request did not complete within the allotted timeout")
    }
}

/// Writes the object itself while another write of it is judged, a number of times.
final class RivalPlugin: AdmissionPlugin {
    let name = "Rival"
    let store = Mutex<MemoryStore?>(nil)
    private let times: Int
    private let count = Mutex(0)

    init(times: Int) { self.times = times }

    func validate(_ request: AdmissionRequest) async throws(APIStatus) {
        let number = count.withLock { count in
            if request.operation != .create, count <= times { count += 1 }
            return count
        }
        guard request.operation != .create, number <= times, let store = store.withLock({ $0 }) else { return }
        let key = StoreKey(request.kind.resource, namespace: request.namespace, name: request.name)
        guard let stored = try? await store.object(at: key) else { return }
        var object = stored.value
        object["data"] = ["rival": .string(String(number))]
        _ = try? await store.commit(
            StoreWrite(key: key, precondition: .revision(stored.revision), change: .put(EncodedObject(object))))
    }
}

/// Never ends by itself.
struct StuckPlugin: AdmissionPlugin {
    let name = "Stuck"

    func validate(_ request: AdmissionRequest) async throws(APIStatus) {
        try? await untilCancelled()
    }
}
