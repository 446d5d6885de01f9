namespace HunyuanOrleans.Cli.Output;

/// <summary>What eval prints for machines.</summary>
/// <param name="Accuracy">Right answers over all.</param>
/// <param name="Items">Questions asked.</param>
/// <param name="Right">Answers with exactly the names of the label.</param>
internal sealed record EvalResult(double Accuracy, int Items, int Right);

/// <summary>A line of eval's answer file.</summary>
internal sealed record EvalAnswer(string Input, string Label, string Answer, bool Right);
