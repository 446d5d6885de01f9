using HunyuanOrleans.Contracts.Requests;
using HunyuanOrleans.Engine.Sampling;

namespace HunyuanOrleans.Engine.Tests.Support;

/// <summary>
/// Computes the expected answer of a request in the simplest way: one sequence alone, without a cache, with a sampling state that is
/// rebuilt from the ids for every token.
/// </summary>
internal static class ReferenceDecoder
{
    public static (int[] Ids, FinishReason Finish) Run(
        GenerationRequest request, ulong seed, int choice, int maxTokens, int vocabulary, IReadOnlyList<int> eos, int period = 0)
    {
        int[] prompt = request.PromptIds.ToArray();
        List<int> answer = [];
        float[] logits = new float[vocabulary];
        var sampler = new Sampler(vocabulary);
        ulong choiceSeed = CounterRandom.ForChoice(seed, choice);
        while (true)
        {
            TinyModel.LogitsAfter([.. prompt, .. answer], logits, period);
            var state = new SamplingState(request.Sampling, choiceSeed, prompt, answer.ToArray());
            int id = sampler.Sample(logits, state).Id;
            answer.Add(id);
            if (request.StopIds.Contains(id) || (!request.IgnoreEos && eos.Contains(id)))
            {
                return ([.. answer], FinishReason.Stop);
            }

            string text = LetterText.Join(answer);
            if (request.StopStrings.Any(text.Contains))
            {
                return ([.. answer], FinishReason.Stop);
            }

            if (answer.Count == maxTokens)
            {
                return ([.. answer], FinishReason.Length);
            }
        }
    }
}
