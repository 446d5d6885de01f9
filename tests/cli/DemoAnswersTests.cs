using System.Text.Json;
using HunyuanOrleans.Cli.Sessions;
using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Kernels;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.TestSupport;
using Xunit;

namespace HunyuanOrleans.Cli.Tests;

/// <summary>The demo model gives its 40 recorded answers when one process generates them at the same time.</summary>
public sealed class DemoAnswersTests
{
    [Theory]
    [InlineData("f32")]
    [InlineData("bf16")]
    public async Task Every_recorded_prompt_gets_its_recorded_answer(string mode)
    {
        PromptEncoder encoder = new(TestPaths.DemoModel);
        ModelOptions compute = new() { Mode = mode == "f32" ? ComputeMode.F32 : ComputeMode.Bf16, Threads = 2, PinThreads = false };
        await using ModelSession session = ModelSession.Open(encoder, compute, default);
        AnswerSettings settings = new(SamplingParams.Greedy, null, session.Defaults.MaxNewTokens!.Value, [], IgnoreEos: false);
        using TempFolder temp = new();

        Assert.Equal(40, DemoExpected.Items.Length);
        Answer[] answers = await Task.WhenAll(DemoExpected.Items.Select((item, i) =>
        {
            string file = temp.Write($"{i}.json", item.GetProperty("messages").GetRawText());
            int[] prompt = encoder.EncodeChat(Conversation.Read(file));
            Assert.Equal(DemoExpected.Ids(item, "prompt_ids"), prompt);
            return session.AnswerAsync(session.CreateRequest(prompt, settings, default), _ => { });
        }));
        foreach ((JsonElement item, Answer answer) in DemoExpected.Items.Zip(answers))
        {
            Assert.Equal(item.GetProperty("output_text").GetString(), answer.Text);
            Assert.Equal(DemoExpected.Ids(item, "output_ids"), answer.Ids);
            Assert.Equal(FinishReason.Stop, answer.Finish);
        }
    }
}
