using HunyuanOrleans.Client.Tests.Support;
using Microsoft.Extensions.AI;
using Xunit;

namespace HunyuanOrleans.Client.Tests;

/// <summary>Reasoning in the answers of the client as an IChatClient.</summary>
[Collection(nameof(DemoCluster))]
public sealed class ReasoningTests(SpecialModelsCluster special)
{
    [Fact]
    public async Task Reasoning_is_content_of_its_own()
    {
        await using HunyuanClient client = DemoCluster.ClientOf(special.Cluster, SpecialModelsCluster.Thinking);
        ChatOptions options = new() { Temperature = 0, MaxOutputTokens = 12 };
        ChatMessage message = Assert.Single((await client.GetResponseAsync([new(ChatRole.User, "hi")], options)).Messages);
        string thought = string.Concat(message.Contents.OfType<TextReasoningContent>().Select(static part => part.Text));
        Assert.NotEqual("", thought);
        Assert.Equal("", message.Text);

        // Without the chat template, the same tokens are text.
        string plain = "";
        await foreach (AnswerChunk chunk in client.GenerateAsync("hi<think>\n", request => request with { Sampling = request.Sampling.With(temperature: 0), MaxTokens = 12 }))
        {
            plain += chunk.Text;
        }

        Assert.Equal(plain.Trim('\n'), thought.Trim('\n'));
    }
}
