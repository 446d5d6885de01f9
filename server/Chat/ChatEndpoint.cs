using HunyuanOrleans.Server.Generation;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Http;
using Microsoft.AspNetCore.Http;

namespace HunyuanOrleans.Server.Chat;

/// <summary>POST /v1/chat/completions.</summary>
internal sealed class ChatEndpoint(RequestIntake intake, AnswerRunner runner)
{
    /// <summary>Answers a request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        ServedModel model = intake.Model;
        AnswerJob job = await intake.ReadAsync(context, model, ChatRequestReader.Read);
        await runner.RunAsync(context, model, job);
    }
}
