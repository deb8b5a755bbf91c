package import NodeInterfaces
internal import SwiftProtobuf

extension ContainerdRuntime {
    /// The image when it is present; short names are completed.
    package func image(_ reference: String) async throws(RuntimeError) -> ImageStatus? {
        let answer = try await connection.call("ImageStatus") { connection in
            try await connection.images.imageStatus(
                .with { $0.image.image = ImageName.normalized(reference) },
                options: ContainerdConnection.options(.readCall))
        }
        return answer.hasImage ? answer.image.imageStatus : nil
    }

    /// Pulls an image, for at most half an hour.
    package func pull(_ reference: String) async throws(RuntimeError) -> ImageStatus {
        let name = ImageName.normalized(reference)
        let answer = try await connection.call("PullImage") { connection in
            try await connection.images.pullImage(
                .with { $0.image.image = name }, options: ContainerdConnection.options(.pullCall))
        }
        guard let image = try await image(answer.imageRef) else {
            throw .notFound("the image \(name) was pulled and is not there")
        }
        return image
    }

    /// All images.
    package func images() async throws(RuntimeError) -> [ImageStatus] {
        let answer = try await connection.call("ListImages") { connection in
            try await connection.images.listImages(.init(), options: ContainerdConnection.options(.readCall))
        }
        return answer.images.map(\.imageStatus)
    }
}
