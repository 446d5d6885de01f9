namespace HunyuanOrleans.Server.Page;

/// <summary>A file of the page.</summary>
/// <param name="Content">Its bytes.</param>
/// <param name="Type">Its media type.</param>
/// <param name="Tag">Its ETag, made of the bytes.</param>
internal sealed record PageFile(byte[] Content, string Type, string Tag);
