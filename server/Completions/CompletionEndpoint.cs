using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;
using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Completions;

/// <summary>POST /v1/completions.</summary>
internal sealed class CompletionEndpoint(RequestIntake intake, AnswerRunner runner)
{
    /// <summary>Answers a request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        ServedModel model = intake.Model;
        AnswerJob job = await intake.ReadAsync(context, model, CompletionRequestReader.Read);
        await runner.RunAsync(context, model, job);
    }
}
