namespace HunyuanOrleans.Cli.Output;

/// <summary>The JSON output of <c>tokenize</c> for one text.</summary>
/// <param name="Ids">The token ids.</param>
/// <param name="Text">The text that the ids decode to.</param>
internal sealed record TokenizeResult(int[] Ids, string Text);
