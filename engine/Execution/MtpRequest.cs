namespace HunyuanOrleans.Engine.Execution;

/// <summary>What a slice tells an executor with an MTP layer. Others ignore it.</summary>
/// <param name="Following">The token after the slice's last one; null if it is not known before the step.</param>
/// <param name="Drafts">Number of tokens, 0 to 8, to guess after the one that the step samples.</param>
public readonly record struct MtpRequest(int? Following, int Drafts);
