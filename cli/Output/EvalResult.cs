namespace HunyuanOrleans.Cli.Output;

/// <summary>The JSON output of <c>eval</c>.</summary>
/// <param name="Accuracy">Fraction of right answers.</param>
/// <param name="Items">Number of questions.</param>
/// <param name="Right">Number of answers that hold exactly the names of the label.</param>
internal sealed record EvalResult(double Accuracy, int Items, int Right);

/// <summary>A line of the answer file that <c>eval</c> writes.</summary>
/// <param name="Input">The question.</param>
/// <param name="Label">The right answer.</param>
/// <param name="Answer">The model's answer.</param>
/// <param name="Right">Whether the model's answer is right.</param>
internal sealed record EvalAnswer(string Input, string Label, string Answer, bool Right);
