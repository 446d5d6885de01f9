namespace HunyuanOrleans.Grains.Access;

/// <summary>An interface whose methods a host opens to clients although none is marked. Orleans' test host needs one.</summary>
/// <param name="FullName">The interface with its namespace.</param>
internal sealed record OpenedInterface(string FullName);
