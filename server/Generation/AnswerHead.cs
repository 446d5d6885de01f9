namespace HunyuanOrleans.Server.Generation;

/// <summary>What whole answers and chunks begin with.</summary>
/// <param name="Id">The answer's id.</param>
/// <param name="Object">The field object.</param>
/// <param name="Created">Seconds since 1970.</param>
/// <param name="Model">The model's name.</param>
internal sealed record AnswerHead(string Id, string Object, long Created, string Model);
