//! What guardrails and prompt routers say about a call.
//!
//! # Invariants
//! - A guardrail can act although the request named none: `applied_guardrail_details` tells whose it was.

use std::collections::BTreeMap;

use crate::wire::RawJson;

wire_struct! {
    /// The trace of a call.
    #[derive(Default)]
    pub struct Trace {
        required {}
        optional {
            /// What guardrails found.
            guardrail: GuardrailTrace = "guardrail",
            /// Which model a prompt router chose.
            prompt_router: PromptRouterTrace = "promptRouter",
        }
        lists {}
    }
}

wire_struct! {
    /// The choice of a prompt router.
    pub struct PromptRouterTrace {
        required {}
        optional {
            /// The model that answered.
            invoked_model_id: String = "invokedModelId",
        }
        lists {}
    }
}

wire_struct! {
    /// What guardrails found, by guardrail id.
    #[derive(Default)]
    pub struct GuardrailTrace {
        required {}
        optional {
            /// About the input.
            input_assessment: BTreeMap<String, GuardrailAssessment> = "inputAssessment",
            /// About the output.
            output_assessments: BTreeMap<String, Vec<GuardrailAssessment>> = "outputAssessments",
            /// Why it acted or did not.
            action_reason: String = "actionReason",
        }
        lists {
            /// What the model said before the guardrail changed it.
            model_output: String = "modelOutput",
        }
    }
}

wire_struct! {
    /// The findings of one guardrail. Policies that are rarely read are kept as JSON.
    #[derive(Default)]
    pub struct GuardrailAssessment {
        required {}
        optional {
            /// Denied topics.
            topic_policy: TopicAssessment = "topicPolicy",
            /// Harmful content.
            content_policy: ContentAssessment = "contentPolicy",
            /// Words.
            word_policy: WordAssessment = "wordPolicy",
            /// Personal data.
            sensitive_information_policy: SensitiveInformationAssessment = "sensitiveInformationPolicy",
            /// Grounding and relevance.
            contextual_grounding_policy: GroundingAssessment = "contextualGroundingPolicy",
            /// Automated reasoning.
            automated_reasoning_policy: RawJson = "automatedReasoningPolicy",
            /// Latency, units and coverage.
            invocation_metrics: RawJson = "invocationMetrics",
            /// Which guardrail it was and whose.
            applied_guardrail_details: AppliedGuardrail = "appliedGuardrailDetails",
        }
        lists {}
    }
}

wire_struct! {
    /// Which guardrail acted.
    #[derive(Default)]
    pub struct AppliedGuardrail {
        required {}
        optional {
            /// Its id.
            guardrail_id: String = "guardrailId",
            /// Its version.
            guardrail_version: String = "guardrailVersion",
            /// Its ARN.
            guardrail_arn: String = "guardrailArn",
            /// Who owns it.
            guardrail_ownership: String = "guardrailOwnership",
        }
        lists {
            /// `REQUEST`, `ACCOUNT_ENFORCED`, `ORGANIZATION_ENFORCED`.
            guardrail_origin: String = "guardrailOrigin",
        }
    }
}

wire_enum! {
    /// What a guardrail did about a finding.
    pub enum GuardrailAction { Blocked = "BLOCKED", Anonymized = "ANONYMIZED", None = "NONE" }
}

macro_rules! findings {
    ($($(#[$meta:meta])* $name:ident { $($(#[$fmeta:meta])* $field:ident = $key:literal),* })*) => {
        $(wire_struct! {
            $(#[$meta])*
            #[derive(Default)]
            pub struct $name {
                required {}
                optional {}
                lists { $($(#[$fmeta])* $field: Finding = $key),* }
            }
        })*
    };
}

findings! {
    /// Denied topics.
    TopicAssessment {
        /// The topics.
        topics = "topics"
    }
    /// Harmful content.
    ContentAssessment {
        /// The filters.
        filters = "filters"
    }
    /// Words.
    WordAssessment {
        /// The guardrail's own words.
        custom_words = "customWords",
        /// Words of managed lists.
        managed_word_lists = "managedWordLists"
    }
    /// Personal data.
    SensitiveInformationAssessment {
        /// Kinds of personal data.
        pii_entities = "piiEntities",
        /// The guardrail's own patterns.
        regexes = "regexes"
    }
    /// Grounding and relevance.
    GroundingAssessment {
        /// The filters.
        filters = "filters"
    }
}

wire_struct! {
    /// One finding; which members are there depends on the policy.
    #[derive(Default)]
    pub struct Finding {
        required {}
        optional {
            /// What the guardrail did.
            action: GuardrailAction = "action",
            /// Whether it was really found.
            detected: bool = "detected",
            /// Its kind, such as `INSULTS`, `EMAIL`, `GROUNDING`.
            kind: String = "type",
            /// Name of the topic or pattern.
            name: String = "name",
            /// The text that was found.
            matched: String = "match",
            /// How sure the filter is.
            confidence: String = "confidence",
            /// How strict the filter is.
            filter_strength: String = "filterStrength",
            /// From 0 to 1.
            score: f64 = "score",
            /// From 0 to 1.
            threshold: f64 = "threshold",
        }
        lists {}
    }
}
