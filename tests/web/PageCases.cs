using Xunit;

namespace HunyuanOrleans.Web.Tests;

/// <summary>
/// The chat page in a browser: the cases of scripts/, which share one browser. Screenshots are written to artifacts/page.
/// </summary>
public sealed class PageCases(PageRun run) : IClassFixture<PageRun>
{
    [SkippableTheory]
    [InlineData("sends_and_streams")]
    [InlineData("enter_and_composing")]
    [InlineData("stop_button")]
    [InlineData("escape_stops")]
    [InlineData("retry")]
    [InlineData("edit")]
    [InlineData("queue_full_is_shown")]
    [InlineData("broken_answer_is_shown")]
    [InlineData("unreachable_is_shown")]
    [InlineData("key")]
    [InlineData("history")]
    [InlineData("history_of_a_broken_visit")]
    [InlineData("two_chats_at_once")]
    [InlineData("settings")]
    [InlineData("adapter")]
    [InlineData("no_adapter")]
    [InlineData("hostile_output")]
    [InlineData("hostile_input")]
    [InlineData("hostile_storage")]
    [InlineData("markdown")]
    [InlineData("markdown_as_commonmark")]
    [InlineData("markdown_grows")]
    [InlineData("markdown_is_linear")]
    [InlineData("thoughts_fold")]
    [InlineData("thoughts_grow_in_an_open_fold")]
    [InlineData("thoughts_stay_out_of_the_history")]
    [InlineData("thoughts_unfinished")]
    [InlineData("think_switch")]
    [InlineData("think_switch_is_hidden")]
    [InlineData("edit_keeps_the_branch")]
    [InlineData("retry_keeps_the_branch")]
    [InlineData("branches_of_branches")]
    [InlineData("failed_answers_leave_no_branch")]
    [InlineData("branches_in_storage_are_checked")]
    [InlineData("files_are_sent")]
    [InlineData("files_alone")]
    [InlineData("files_that_are_refused")]
    [InlineData("files_dropped_and_pasted")]
    [InlineData("search_finds_chats")]
    [InlineData("shortcuts")]
    [InlineData("scroll")]
    [InlineData("tabs")]
    [InlineData("cluster")]
    [InlineData("demo")]
    [InlineData("phone")]
    [InlineData("names_and_live_region")]
    [InlineData("contrast")]
    public void Case(string name)
    {
        Skip.If(run.Missing is not null, run.Missing);
        Assert.True(run.Results.TryGetValue(name, out string? outcome), $"The case did not run. {run.Output}");
        Assert.True(outcome == "ok", outcome);
    }

    [SkippableFact]
    public void Every_case_of_the_scripts_is_listed_here()
    {
        Skip.If(run.Missing is not null, run.Missing);
        IEnumerable<string> listed = typeof(PageCases).GetMethod(nameof(Case))!.GetCustomAttributesData()
            .Where(a => a.AttributeType == typeof(InlineDataAttribute))
            .Select(a => (string)((IReadOnlyCollection<System.Reflection.CustomAttributeTypedArgument>)a.ConstructorArguments[0].Value!).First().Value!);
        Assert.Equal(listed.Order(), run.Results.Keys.Order());
    }
}
