using HunyuanOrleans.Client;
using Microsoft.Extensions.AI;

namespace HunyuanOrleans.Client.Tests.Examples;

/// <summary>The README's example. <see cref="ReadmeTests"/> compares the lines between the comments with the README, and runs them.</summary>
internal static class ReadmeExample
{
    public static Action<HunyuanClientOptions> Network { get; } =
        options => options.Gateways.Add("127.0.0.1:30000");

    public static async Task RunAsync(Action<HunyuanClientOptions> cluster, TextWriter Console)
    {
        // begin
        await using HunyuanClient client = await HunyuanClient.ConnectAsync(cluster);
        List<ChatMessage> chat = [new(ChatRole.System, "You are a helpful assistant.")];
        foreach (string question in new[] { "法国的首都是哪里？", "What is the capital of France?" })
        {
            chat.Add(new(ChatRole.User, question));
            List<ChatResponseUpdate> answer = [];
            await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(chat))
            {
                Console.Write(update.Text);
                answer.Add(update);
            }
            chat.AddMessages(answer);
        }
        // end
    }
}
