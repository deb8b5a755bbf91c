import APIProtocol
import APIServer
import ObjectModel
import Schema
import Synchronization

/// Labels what it sees, refuses the name `refused` and writes down how writes ended.
final class RecordingPlugin: AdmissionPlugin {
    let name = "Recording"
    let log = Mutex<[String]>([])

    func mutate(_ request: inout AdmissionRequest) async throws(APIStatus) {
        guard request.operation == .create else { return }
        request.object["metadata", "labels", "admitted"] = "yes"
        request.warnings.append("say \"hello\"")
    }

    func validate(_ request: AdmissionRequest) async throws(APIStatus) {
        if request.name == "refused" { throw .forbidden(request.kind.resource, name: request.name, "it is refused") }
    }

    func finished(_ request: AdmissionRequest, committed: Bool) async {
        log.withLock { $0.append("\(request.object.name) \(committed)") }
    }
}
