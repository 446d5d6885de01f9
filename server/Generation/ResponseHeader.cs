namespace HunyuanOrleans.Server.Generation;

/// <summary>The fields that a response, or every chunk of a streaming response, begins with.</summary>
/// <param name="Id">The response's id.</param>
/// <param name="Created">When it was created, in seconds since 1970.</param>
/// <param name="Model">The model's name.</param>
internal sealed record ResponseHeader(string Id, long Created, string Model);
