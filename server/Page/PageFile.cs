namespace HunyuanOrleans.Server.Page;

/// <summary>A file of the chat page.</summary>
/// <param name="Content">The bytes.</param>
/// <param name="Type">The media type.</param>
/// <param name="ETag">The ETag, a hash of the bytes.</param>
internal sealed record PageFile(byte[] Content, string Type, string ETag);
