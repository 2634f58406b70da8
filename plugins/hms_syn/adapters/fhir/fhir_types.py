"""The resource types of FHIR R4 (4.0.1) and R4B (4.3.0), by what each offers to be recognised by."""

from __future__ import annotations

from enum import Enum


class Identifier(Enum):
    """How many identifiers a resource of one type holds, where they can be searched for."""

    MANY = "a list"
    ONE = "a single one"
    NONE = "none that can be searched for"


_MANY = """
Account ActivityDefinition AdministrableProductDefinition AllergyIntolerance Appointment AppointmentResponse Basic
BodyStructure CarePlan CareTeam ChargeItem ChargeItemDefinition Citation Claim ClaimResponse ClinicalImpression
ClinicalUseDefinition CodeSystem Communication CommunicationRequest Condition Consent Contract Coverage
CoverageEligibilityRequest CoverageEligibilityResponse DetectedIssue Device DeviceDefinition DeviceMetric
DeviceRequest DeviceUseStatement DiagnosticReport DocumentManifest DocumentReference EffectEvidenceSynthesis Encounter
Endpoint EnrollmentRequest EnrollmentResponse EpisodeOfCare EventDefinition Evidence EvidenceReport EvidenceVariable
ExampleScenario ExplanationOfBenefit FamilyMemberHistory Flag Goal Group GuidanceResponse HealthcareService
ImagingStudy Immunization ImmunizationEvaluation ImmunizationRecommendation InsurancePlan Invoice Library List
Location ManufacturedItemDefinition Measure MeasureReport Media Medication MedicationAdministration MedicationDispense
MedicationRequest MedicationStatement MedicinalProduct MedicinalProductAuthorization MedicinalProductDefinition
MedicinalProductPackaged MedicinalProductPharmaceutical MessageDefinition MolecularSequence NutritionOrder Observation
Organization OrganizationAffiliation PackagedProductDefinition Patient PaymentNotice PaymentReconciliation Person
PlanDefinition Practitioner PractitionerRole Procedure Questionnaire RegulatedAuthorization RelatedPerson RequestGroup
ResearchDefinition ResearchElementDefinition ResearchStudy ResearchSubject RiskAssessment RiskEvidenceSynthesis
Schedule ServiceRequest Slot Specimen StructureDefinition StructureMap SubscriptionTopic Substance SubstanceDefinition
SupplyDelivery SupplyRequest Task ValueSet VisionPrescription
"""
_ONE = "Bundle Composition ConceptMap Ingredient QuestionnaireResponse SpecimenDefinition TestReport TestScript"
_NONE = """
AdverseEvent AuditEvent Binary BiologicallyDerivedProduct CapabilityStatement CatalogEntry CompartmentDefinition
GraphDefinition ImplementationGuide Linkage MedicationKnowledge MedicinalProductContraindication
MedicinalProductIndication MedicinalProductIngredient MedicinalProductInteraction MedicinalProductManufactured
MedicinalProductUndesirableEffect MessageHeader NamingSystem NutritionProduct ObservationDefinition
OperationDefinition OperationOutcome Parameters Provenance SearchParameter Subscription SubscriptionStatus
SubstanceNucleicAcid SubstancePolymer SubstanceProtein SubstanceReferenceInformation SubstanceSourceMaterial
SubstanceSpecification TerminologyCapabilities VerificationResult
"""
"""Without the element (AuditEvent), or with one that has no search parameter (AdverseEvent)."""

TYPES = {
    **dict.fromkeys(_MANY.split(), Identifier.MANY),
    **dict.fromkeys(_ONE.split(), Identifier.ONE),
    **dict.fromkeys(_NONE.split(), Identifier.NONE),
}
"""By name: every type, and what it offers."""

UNLIKE_R4B = frozenset({"DeviceDefinition", "Evidence", "EvidenceVariable"})
"""Types that have the same name in R4 and R4B and not the same elements."""
