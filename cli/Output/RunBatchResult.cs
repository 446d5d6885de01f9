namespace HunyuanOrleans.Cli.Output;

/// <summary>The JSON output of <c>run-batch</c>.</summary>
/// <param name="Requests">Number of requests in the batch.</param>
/// <param name="AnsweredBefore">Number of requests that an earlier run had answered.</param>
/// <param name="Succeeded">Number of requests that succeeded in this run.</param>
/// <param name="Failed">Number of requests that failed in this run.</param>
/// <param name="PromptTokens">Tokens of the prompts of this run.</param>
/// <param name="AnswerTokens">Tokens of the answers of this run.</param>
/// <param name="Seconds">Duration of this run, without loading the model.</param>
/// <param name="Output">The file of the answers.</param>
internal sealed record RunBatchResult(
    int Requests, int AnsweredBefore, int Succeeded, int Failed, long PromptTokens, long AnswerTokens, double Seconds, string Output);
